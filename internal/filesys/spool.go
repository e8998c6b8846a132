package filesys

import (
	"io"
	"os"
	"sync"
)

// Spool keeps byte strings in a file without a name until they are wanted. Strings may be
// read while one goroutine adds others.
type Spool struct {
	f    *os.File
	mu   sync.Mutex
	ends []int64 // end of each string in the file
}

// NewSpool makes one on the disk of that folder. What it takes there is free again when the process
// ends, however it does.
func NewSpool(dir string) (*Spool, error) {
	f, err := unnamed(dir)
	if err != nil {
		return nil, err
	}
	return &Spool{f: f}, nil
}

// Close gives up the room.
func (s *Spool) Close() error { return s.f.Close() }

// Add appends a string, and returns its number, counted from 0.
func (s *Spool) Add(b []byte) (int, error) {
	n := len(s.ends) // nobody else changes it
	start := s.start(n)
	if _, err := s.f.WriteAt(b, start); err != nil {
		return n, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends = append(s.ends, start+int64(len(b)))
	return n, nil
}

// Get returns the string of that number.
func (s *Spool) Get(i int) ([]byte, error) {
	s.mu.Lock()
	start, end := s.start(i), s.ends[i]
	s.mu.Unlock()
	b := make([]byte, end-start)
	_, err := io.ReadFull(io.NewSectionReader(s.f, start, end-start), b)
	return b, err
}

func (s *Spool) start(i int) int64 {
	if i == 0 {
		return 0
	}
	return s.ends[i-1]
}
