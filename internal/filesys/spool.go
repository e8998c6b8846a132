package filesys

import (
	"io"
	"os"
)

// Spool keeps byte strings in a file without a name until they are wanted. It serves one goroutine.
type Spool struct {
	f    *os.File
	ends []int64 // end of each string in the file
}

// NewSpool makes one on the disk of that folder. What it takes there is free again when the process
// ends, however it does.
func NewSpool(dir string) (*Spool, error) {
	f, err := Unnamed(dir)
	if err != nil {
		return nil, err
	}
	return &Spool{f: f}, nil
}

// Close gives up the room.
func (s *Spool) Close() error { return s.f.Close() }

// Add appends a string.
func (s *Spool) Add(b []byte) error {
	start := s.start(len(s.ends))
	if _, err := s.f.WriteAt(b, start); err != nil {
		return err
	}
	s.ends = append(s.ends, start+int64(len(b)))
	return nil
}

// Get returns the string that was the i-th to be added.
func (s *Spool) Get(i int) ([]byte, error) {
	b := make([]byte, s.ends[i]-s.start(i))
	_, err := io.ReadFull(io.NewSectionReader(s.f, s.start(i), int64(len(b))), b)
	return b, err
}

func (s *Spool) start(i int) int64 {
	if i == 0 {
		return 0
	}
	return s.ends[i-1]
}
