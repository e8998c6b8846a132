package ui

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/observe/httpd"
)

// Running is the error of Start when a page for the same archives is there already.
type Running struct{ URL string } // of that page, with its token

func (r Running) Error() string { return "xelpack ui is running already; its page is " + r.URL }

// answerTime is how long another page may take to answer.
const answerTime = 10 * time.Second

// running returns the address of the page that file names, if that page answers. A file that a
// killed process has left, or another program at its address, is no page.
func running(ctx context.Context, file string) (address string, ok bool) {
	text, err := os.ReadFile(file)
	u, errURL := url.Parse(strings.TrimSpace(string(text)))
	if err != nil || errURL != nil || u.Scheme != "http" || !httpd.Loopback(u.Hostname()) {
		return "", false
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+u.Host+"/state?flight", nil)
	if err != nil {
		return "", false
	}
	r.Header.Set("Authorization", "Bearer "+u.Query().Get("token"))
	client := http.Client{Timeout: answerTime, Transport: &http.Transport{}} // no proxy
	defer client.CloseIdleConnections()
	answer, err := client.Do(r)
	if err != nil {
		return "", false
	}
	_ = answer.Body.Close()
	return u.String(), answer.StatusCode == http.StatusOK
}

// tell has others find this page, by a file that is there whole or not at all. It holds the token,
// so nobody else may read it.
func (s *Server) tell() error {
	if s.o.Address == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(s.o.Address), 0o777); err != nil {
		return err
	}
	begun := s.o.Address + ".new"
	_ = os.Remove(begun) // one with other permissions, perhaps
	if err := os.WriteFile(begun, []byte(s.URL()+"\n"), 0o600); err != nil {
		return errors.Join(err, os.Remove(begun))
	}
	return os.Rename(begun, s.o.Address)
}

// untell takes that back.
func (s *Server) untell() {
	if text, err := os.ReadFile(s.o.Address); err == nil && strings.TrimSpace(string(text)) == s.URL() {
		_ = os.Remove(s.o.Address)
	}
}
