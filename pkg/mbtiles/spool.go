package mbtiles

import (
	"io"
	"os"

	"github.com/xelpack/xelpack/internal/filesys"
)

// spool keeps byte strings in a file without a name until they are wanted. It serves one goroutine.
type spool struct {
	f    *os.File
	ends []int64 // of each string in the file
}

// newSpool makes one on the disk of that folder. What it takes there is free again when the process
// ends, however it does.
func newSpool(dir string) (*spool, error) {
	f, err := filesys.Unnamed(dir)
	if err != nil {
		return nil, err
	}
	return &spool{f: f}, nil
}

func (s *spool) close() error { return s.f.Close() }

func (s *spool) add(b []byte) error {
	start := s.start(len(s.ends))
	if _, err := s.f.WriteAt(b, start); err != nil {
		return err
	}
	s.ends = append(s.ends, start+int64(len(b)))
	return nil
}

// get returns the string that was the i-th to be added.
func (s *spool) get(i int) ([]byte, error) {
	b := make([]byte, s.ends[i]-s.start(i))
	_, err := io.ReadFull(io.NewSectionReader(s.f, s.start(i), int64(len(b))), b)
	return b, err
}

func (s *spool) start(i int) int64 {
	if i == 0 {
		return 0
	}
	return s.ends[i-1]
}
