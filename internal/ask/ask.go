// Package ask puts questions to the person at a terminal.
//
//	yes, err := ask.New(os.Stdin, os.Stderr, false).Confirm(ctx, "build it?")
package ask

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// ErrNobody means that there is no terminal to ask at.
var ErrNobody = errors.New("there is no terminal to ask at: give --yes")

// Asker asks at one terminal.
type Asker struct {
	out   io.Writer
	lines chan string // nil: there is no terminal; closed at the end of the input
	in    io.Reader
	yes   bool
}

// New makes an Asker that reads answers from in and writes questions to out. With yes every
// question is answered so.
func New(in io.Reader, out io.Writer, yes bool) *Asker {
	a := &Asker{out: out, in: in, yes: yes}
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		a.lines = make(chan string)
	}
	return a
}

// Confirm asks a question that is answered by yes or no; Enter alone is yes. The error is ErrNobody
// or ctx's.
func (a *Asker) Confirm(ctx context.Context, question string) (bool, error) {
	if a.yes {
		return true, nil
	}
	return a.confirm(ctx, question, true)
}

// Insist is Confirm of something that cannot be undone: neither Enter nor yes for all will do.
func (a *Asker) Insist(ctx context.Context, question string) (bool, error) {
	return a.confirm(ctx, question, false)
}

func (a *Asker) confirm(ctx context.Context, question string, enter bool) (bool, error) {
	if a.lines == nil {
		return false, ErrNobody
	}
	choice := "[y/N]"
	if enter {
		choice = "[Y/n]"
	}
	for {
		fmt.Fprintf(a.out, "%s %s ", question, choice)
		// The reader stays when ctx ends: a read of a terminal cannot be called off.
		go a.read()
		select {
		case line, ok := <-a.lines:
			if !ok {
				fmt.Fprintln(a.out)
				return false, nil
			}
			switch strings.ToLower(strings.TrimSpace(line)) {
			case "y", "yes", "j", "ja", "o", "oui":
				return true, nil
			case "n", "no", "nein", "non":
				return false, nil
			case "":
				return enter, nil
			}
		case <-ctx.Done():
			fmt.Fprintln(a.out)
			return false, ctx.Err()
		}
	}
}

// read reads one line.
func (a *Asker) read() {
	// byte by byte: what follows the line belongs to the next question
	line, err := bufio.NewReaderSize(oneByte{a.in}, 16).ReadString('\n')
	if err != nil && line == "" {
		close(a.lines)
		return
	}
	a.lines <- line
}

// oneByte reads one byte at a time.
type oneByte struct{ io.Reader }

func (r oneByte) Read(p []byte) (int, error) { return r.Reader.Read(p[:1]) }
