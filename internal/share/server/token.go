package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/xelpack/xelpack/internal/observe/httpd"
)

// minToken is how many characters a token must have.
const minToken = 16

// Token returns the token of a server: the one in a file, which is made if it does not exist; or,
// without a file, a new one if other machines can reach addr, and "" if they cannot.
func Token(addr, file string) (string, error) {
	host, _, err := net.SplitHostPort(addr)
	if file == "" {
		if err != nil || host == "" || httpd.Loopback(host) { // a bad address is Start's error
			return "", nil
		}
		return rand.Text(), nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		token := rand.Text()
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return "", err
		}
		_, err = f.WriteString(token + "\n")
		return token, errors.Join(err, f.Close())
	}
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(text))
	if len(token) < minToken || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("%s: want one line with a token of at least %d characters", file,
			minToken)
	}
	return token, nil
}

// Run serves until ctx ends, with a Token of file, and tells the Addresses.
func Run(ctx context.Context, o Options, file string, tell func(address string)) error {
	var err error
	if o.Token, err = Token(o.Addr, file); err != nil {
		return fmt.Errorf("--token-file: %w", err)
	}
	s, err := Start(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	addresses, err := s.Addresses(o.Token)
	if err != nil {
		return err
	}
	for _, address := range addresses {
		tell(address)
	}
	<-ctx.Done()
	return nil
}

// Addresses returns the addresses under which the server is reached, with the token.
func (s *Server) Addresses(token string) ([]string, error) {
	u, err := url.Parse(s.URL())
	if err != nil {
		return nil, err
	}
	if token != "" {
		u.User = url.UserPassword("xelpack", token)
	}
	if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsUnspecified() {
		return []string{u.String()}, nil
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var list []string
	for _, a := range all {
		at, ok := a.(*net.IPNet)
		if !ok || at.IP.IsLoopback() || at.IP.IsLinkLocalUnicast() {
			continue
		}
		here := *u
		here.Host = net.JoinHostPort(at.IP.String(), u.Port())
		list = append(list, here.String())
	}
	if len(list) == 0 {
		list = []string{u.String()}
	}
	return list, nil
}
