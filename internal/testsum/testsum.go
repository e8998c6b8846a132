// Command testsum reads what `go test -json` prints and says what a person wants to know of it: how each package fared, every skipped test with its
// reason, what a failed one printed, and how many tests there were, told from their subtests and from the inputs of fuzz targets.
//
// A filter of the plain output cannot: a test's reason for skipping stands before or after its result, and between them other tests may print.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

func main() {
	counts := flag.String("counts", "", "append what passed and was skipped, a line, to this `file`")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *counts); err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(1)
	}
}

var errFailed = errors.New("there are failures")

// run returns errFailed when a test, a package or a build failed, and when nothing passed at all.
func run(in io.Reader, out io.Writer, counts string) error {
	s, err := read(in)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	s.write(w)
	if err := w.Flush(); err != nil {
		return err
	}
	if counts != "" {
		if err := appendLine(counts, s.total()); err != nil {
			return err
		}
	}
	if s.failed() {
		return errFailed
	}
	return nil
}

func appendLine(file, line string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line)
	return errors.Join(err, f.Close())
}

// event is a line of `go test -json`: go doc cmd/test2json.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build events
	Test       string
	Elapsed    float64
	Output     string
}

// id is a test, or a package where test is empty.
type id struct{ pkg, test string }

func (i id) String() string { return strings.TrimSpace(i.pkg + " " + i.test) }

type summary struct {
	packages        []string        // a line each, in the order in which they ended
	skips           map[string][]id // by reason
	reasons         []string        // of skips, in the order in which they came
	failures        []string        // what each printed
	tests, subtests int             // that passed
	fuzz, inputs    int             // likewise: fuzz targets, and the inputs that they ran on
	skipped         int             // of all kinds
}

func (s *summary) failed() bool { return len(s.failures) > 0 || s.tests+s.fuzz == 0 }

// pass counts a test by what it is.
func (s *summary) pass(test string) {
	_, _, part := strings.Cut(test, "/")
	switch fuzz := strings.HasPrefix(test, "Fuzz"); {
	case fuzz && part:
		s.inputs++
	case fuzz:
		s.fuzz++
	case part:
		s.subtests++
	default:
		s.tests++
	}
}

func (s *summary) total() string {
	return fmt.Sprintf("%d tests and %d subtests passed, %d fuzz targets on %d inputs; %d skipped\n", s.tests, s.subtests, s.fuzz, s.inputs, s.skipped)
}

func read(in io.Reader) (*summary, error) {
	s := &summary{skips: make(map[string][]id)}
	printed := make(map[id]*strings.Builder)
	var stray strings.Builder // what is no event, such as what go itself says on its standard error
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		var e event
		switch {
		case line == "":
		case json.Unmarshal([]byte(line), &e) != nil:
			stray.WriteString(line)
		default:
			s.take(e, printed)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	// A test that did not come to an end took its package with it, whose failure tells.
	if stray.Len() > 0 && s.failed() {
		s.failures = append(s.failures, stray.String())
	}
	return s, nil
}

func (s *summary) take(e event, printed map[id]*strings.Builder) {
	at := id{e.Package, e.Test}
	text := func() string {
		defer delete(printed, at)
		if b := printed[at]; b != nil {
			return b.String()
		}
		return ""
	}
	switch e.Action {
	case "output":
		if printed[at] == nil {
			printed[at] = new(strings.Builder)
		}
		printed[at].WriteString(e.Output)
	case "build-output":
		s.failures = append(s.failures, e.Output)
	case "fail":
		if e.Test == "" {
			s.packages = append(s.packages, fmt.Sprintf("FAIL\t%s\t%.1fs", e.Package, e.Elapsed))
			for other, b := range printed { // those that were running when it ended
				if other.pkg == e.Package && other.test != "" && !result.MatchString(b.String()) {
					s.failures = append(s.failures, fmt.Sprintf("%v did not end:\n%s", other, b))
				}
			}
		}
		s.failures = append(s.failures, fmt.Sprintf("%v:\n%s", at, text()))
	case "pass":
		if e.Test == "" {
			s.packages = append(s.packages, fmt.Sprintf("ok\t%s\t%.1fs", e.Package, e.Elapsed))
		} else {
			s.pass(e.Test)
		}
		text()
	case "skip":
		if e.Test == "" { // a package without tests
			return
		}
		s.skipped++
		reason := reasonIn(text())
		if _, known := s.skips[reason]; !known {
			s.reasons = append(s.reasons, reason)
		}
		s.skips[reason] = append(s.skips[reason], at)
	}
}

var (
	framing = regexp.MustCompile(`^\s*(===|---) `)
	result  = regexp.MustCompile(`(?m)^\s*--- (PASS|FAIL|SKIP)`)
	place   = regexp.MustCompile(`^\S+\.go:\d+: `)
	command = regexp.MustCompile(`^> (?:\[\S+\] )*skip (.+)$`) // of a testscript
)

// reasonIn is the last that a skipped test printed, without the place in the source.
func reasonIn(printed string) string {
	for _, line := range slices.Backward(strings.Split(printed, "\n")) {
		if text := strings.TrimSpace(line); text != "" && !framing.MatchString(line) {
			if m := command.FindStringSubmatch(text); m != nil {
				return strings.Trim(m[1], "'")
			}
			return place.ReplaceAllString(text, "")
		}
	}
	return "no reason given"
}

func (s *summary) write(w io.Writer) {
	for _, line := range s.packages {
		fmt.Fprintln(w, line)
	}
	for _, reason := range s.reasons {
		fmt.Fprintf(w, "skipped: %s (%d)\n", reason, len(s.skips[reason]))
		for _, at := range s.skips[reason] {
			fmt.Fprintf(w, "    %v\n", at)
		}
	}
	for _, text := range s.failures {
		fmt.Fprintln(w, strings.TrimRight(text, "\n"))
	}
	fmt.Fprint(w, s.total())
}
