// Package words turns errors into words for people. Errors of Go's standard library name system
// calls and functions ("openat", "strconv.ParseUint"), which mean nothing to users.
//
//	fmt.Fprintf(os.Stderr, "xelpack: %s\n", words.Of(err))
//
// Errors stay as they are for errors.Is and errors.As: only the displayed text changes.
package words

import (
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
	"unicode"
)

// Of returns the text of err in words for people.
func Of(err error) string {
	if err == nil {
		return ""
	}
	text := oneLine(err)
	replaceKnown(err, &text)
	return Plain(text)
}

// Line returns text with its control characters as escapes: names of files may have any.
func Line(text string) string {
	if !strings.ContainsFunc(text, unicode.IsControl) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unicode.IsControl(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// oneLine is Line of an error's text. Only between errors that are joined a line ends.
func oneLine(err error) string {
	text := err.Error()
	if !strings.ContainsFunc(text, unicode.IsControl) {
		return text
	}
	var inner []error
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		inner = []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		inner = e.Unwrap()
	}
	var b strings.Builder
	for i, e := range inner {
		if e == nil {
			continue
		}
		before, after, found := strings.Cut(text, e.Error())
		if !found {
			continue
		}
		if i == 0 || before != "\n" {
			before = Line(before)
		}
		b.WriteString(before + oneLine(e))
		text = after
	}
	return b.String() + Line(text)
}

// Sprintf is fmt.Sprintf with errors in words for people, and strings as Line has them.
func Sprintf(format string, args ...any) string {
	plain := make([]any, len(args))
	for i, arg := range args {
		switch v := arg.(type) {
		case error:
			arg = Of(v)
		case string:
			arg = Line(v)
		}
		plain[i] = arg
	}
	return fmt.Sprintf(format, plain...)
}

// Fprintf is fmt.Fprintf with errors in words for people.
func Fprintf(w io.Writer, format string, args ...any) (int, error) {
	return io.WriteString(w, Sprintf(format, args...))
}

// replaceKnown replaces, in text, the messages of errors in err's tree whose parts are known by
// type.
func replaceKnown(err error, text *string) {
	if plain, ok := known(err); ok {
		plain = Line(plain)
		*text = strings.ReplaceAll(*text, Line(err.Error()), plain)
		if what, _, ok := strings.Cut(plain, ": "); ok { // often in the text already
			*text = strings.ReplaceAll(*text, what+": "+what+": ", what+": ")
		}
		return
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			replaceKnown(inner, text)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			replaceKnown(inner, text)
		}
	}
}

// known rewords errors that put the name of a call before its argument.
func known(err error) (string, bool) {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Path + ": " + Of(e.Err), true
	case *os.LinkError:
		return e.New + ": " + Of(e.Err), true
	case *os.SyscallError:
		return Of(e.Err), true
	case *exec.Error:
		if errors.Is(e.Err, exec.ErrNotFound) {
			return e.Name + " is not installed", true
		}
		return e.Name + ": " + Of(e.Err), true
	case *url.Error: // the address may contain a secret, and is in the text anyway
		return Of(e.Err), true
	case *net.DNSError:
		return Of(dnsError{e}), true
	case *net.OpError:
		if at := address(e); at != "" {
			return at + ": " + Of(e.Err), true
		}
		return Of(e.Err), true
	}
	return "", false
}

// address returns the remote end of a connection that failed. A name that was not found is in the
// error itself.
func address(e *net.OpError) string {
	if e.Addr == nil || errors.As(e.Err, new(*net.DNSError)) {
		return ""
	}
	return e.Addr.String()
}

// dnsError is a net.DNSError without the address of the name server.
type dnsError struct{ *net.DNSError }

func (e dnsError) Unwrap() error { return nil }

func (e dnsError) Error() string {
	switch {
	case e.IsNotFound:
		return e.Name + ": no such host"
	case e.IsTimeout:
		return e.Name + ": the name server does not answer"
	}
	return e.Name + ": temporary failure of the name server (" + e.Err + ")"
}
