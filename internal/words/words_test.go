package words_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/xelpack/xelpack/internal/words"
)

func parse(f func() error) error { return f() }

func badTOML(text string) error {
	var v struct {
		A string
		B float64
		N int
		L []string
		T []struct{ Y bool }
	}
	_, err := toml.Decode(text, &v)
	return err
}

func TestOf(t *testing.T) {
	_, number := strconv.ParseUint("many", 10, 8)
	_, float := strconv.ParseFloat("1e999", 64)
	_, duration := time.ParseDuration("20")
	var v struct{ A int }
	refused := &net.OpError{Op: "dial", Net: "tcp",
		Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1},
		Err:  os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	lookup := &net.OpError{Op: "dial", Net: "tcp",
		Err: &net.DNSError{Err: "no such host", Name: "nowhere.invalid", Server: "127.0.0.53:53",
			IsNotFound: true}}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"none", nil, ""},
		{"ours", errors.New("no texture meets the selection"), "no texture meets the selection"},
		{"file", fmt.Errorf("--route: %w",
			&fs.PathError{Op: "openat", Path: "a b.fms", Err: syscall.ENOENT}),
			"--route: a b.fms: no such file or directory"},
		{"file named already", fmt.Errorf("a.png: %w",
			&fs.PathError{Op: "open", Path: "a.png", Err: syscall.ENOENT}),
			"a.png: no such file or directory"},
		{"file, as text", fmt.Errorf("--route: %v",
			&fs.PathError{Op: "lstat", Path: "a.fms", Err: syscall.ENOENT}),
			"--route: a.fms: no such file or directory"},
		{"number", fmt.Errorf("max_zl: %w", number),
			`max_zl: "many" is not a whole number, or too large`},
		{"large number", float, `"1e999" is too large`},
		{"duration", duration, `"20" is not a duration with a unit, such as 20s or 10m`},
		{"JSON", json.Unmarshal([]byte(`{"a" 1}`), &v), `unexpected character '1'`},
		{"JSON, quoted", json.Unmarshal([]byte(`{"a": '}`), &v), `unexpected character '\''`},
		{"JSON, cut", json.Unmarshal([]byte(`{"a": 1`), &v), `it ends too early`},
		{"JSON, type", json.Unmarshal([]byte(`{"a": "x"}`), &v),
			`unexpected string: A`},
		{"JSON, another type", json.Unmarshal([]byte(`[1]`), &v), `unexpected array`},
		{"TOML, Latin-1", badTOML("a = '\xd6'"),
			`line 1: it is not UTF-8 text (save the file as UTF-8)`},
		{"XML", xml.Unmarshal([]byte("<a>"), &v), `line 1: it ends too early`},
		{"end", fmt.Errorf("read header: %w", io.EOF), "read header: it ends too early"},
		{"end within", io.ErrUnexpectedEOF, "it ends too early"},
		{"deadline", fmt.Errorf("fetch: %w", context.DeadlineExceeded), "fetch: no answer in time"},
		{"TOML, a path of Windows", fmt.Errorf("config.toml: %w", badTOML(`a = "C:\Users\a"`)),
			`config.toml: line 1: a \ in double quotes must be doubled; write paths in single ` +
				`quotes: 'C:\Ortho4XP'`},
		{"TOML, another", fmt.Errorf("config.toml: %w", badTOML(`a = "C:\X-Plane"`)),
			`config.toml: line 1: a \ in double quotes must be doubled; write paths in single ` +
				`quotes: 'C:\Ortho4XP'`},
		{"TOML, no text", badTOML("a = 1"), `line 1: a must be text in quotes`},
		{"TOML, no number", badTOML("\nb = 'x'"), `line 2: b must be a number`},
		{"TOML, no whole number", badTOML("n = 1.5"), `line 1: n must be a whole number`},
		{"TOML, no list", badTOML("l = 'x'"), `line 1: l must be a list in brackets`},
		{"TOML, within", badTOML("[[t]]\ny = 'x'"), `line 2: t.y must be true or false`},
		{"TOML, one table", badTOML("[t]\ny = true"), `line 1: t must be a list in brackets`},
		{"TOML, no tables", badTOML("t = [1]"), `line 1: t must be a table`},
		{"refused", &url.Error{Op: "Get", URL: "https://a/?token=secret", Err: refused},
			"127.0.0.1:1: connection refused"},
		{"no such host", lookup, "nowhere.invalid: no such host"},
		{"no such host, as text", fmt.Errorf("does not answer: %v", lookup),
			"does not answer: nowhere.invalid: no such host"},
		{"reset, as text", errors.New("read tcp 127.0.0.1:55206->127.0.0.1:80: read: connection reset by peer"),
			"127.0.0.1:80: connection reset by peer"},
		{"certificate of an address", errors.New("tls: failed to verify certificate: x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs"),
			"the server's certificate is of another server than 127.0.0.1"},
		{"certificate of a name", errors.New("x509: certificate is valid for a.org, b.org, not localhost"),
			"the server's certificate is of a.org, b.org, not of localhost"},
		{"certificate by itself", errors.New("tls: failed to verify certificate: x509: certificate signed by unknown authority"),
			"the server's certificate cannot be trusted: nobody known has signed it, or it has signed itself"},
		{"redirect", errors.New(`failed to parse Location header "http://[::1/%zz": parse "http://[::1/%zz": missing ']' in host`),
			"it redirects to what is no address"},
		{"row", errors.New(`column 3 of "SELECT a, b FROM tiles" has type <nil>, want []uint8`),
			"a row has a value of another type"},
		{"program", parse(func() error { _, err := exec.LookPath("no-such-program"); return err }),
			"no-such-program is not installed"},
		{"several", errors.Join(number, io.EOF),
			"\"many\" is not a whole number, or too large\nit ends too early"},
		{"a name of several lines", errors.Join(fmt.Errorf("--route: %w: %w",
			&fs.PathError{Op: "open", Path: "a\nb", Err: syscall.EISDIR}, errors.New("\x1b[31m")),
			errors.New("c\td")), "--route: a\\nb: it is a folder, not a file: \\x1b[31m\nc\\td"},
		{"the name of a file", fmt.Errorf("config.toml: %w", errors.New("no key")),
			"config.toml: no key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := words.Of(tt.err); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestSprintf(t *testing.T) {
	got := words.Sprintf("%s: %v (%d)", "a", fmt.Errorf("b: %w", io.ErrUnexpectedEOF), 5)
	if want := "a: b: it ends too early (5)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	var b strings.Builder
	if _, err := words.Fprintf(&b, "%v", io.EOF); err != nil || b.String() != "it ends too early" {
		t.Errorf("%q, %v", b.String(), err)
	}
}
