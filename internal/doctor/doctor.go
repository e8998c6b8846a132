// Package doctor looks for problems that would keep a mount from working, and says what to do about
// each.
//
//	findings := doctor.Examine(ctx, doctor.Options{Archives: files, Scenery: dirs, Memory: 2 << 30})
//	if doctor.Worst(findings) == doctor.Failure { … }
//
// It changes nothing, except for one trial mount in a temporary folder, which it removes.
package doctor

import (
	"errors"
	"fmt"

	"github.com/xelpack/xelpack/internal/words"
)

// Verdict is the result of a check.
type Verdict string

// The verdicts, from good to bad. Skipped is for what could not be checked, or was not asked for.
const (
	OK      Verdict = "ok"
	Skipped Verdict = "skipped"
	Warning Verdict = "warning"
	Failure Verdict = "failure"
)

// Finding is the result of one check. Scripts rely on its JSON.
type Finding struct {
	Subject string  `json:"subject"`
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail"`           // what was found
	Remedy  string  `json:"remedy,omitempty"` // what to do about it; empty if all is well
}

// ErrProblems means that there is a Failure among the findings.
var ErrProblems = errors.New("there are problems that would keep a mount from working")

// Worst returns the worst verdict.
func Worst(findings []Finding) Verdict {
	worst := OK
	order := map[Verdict]int{OK: 0, Skipped: 1, Warning: 2, Failure: 3}
	for _, f := range findings {
		if order[f.Verdict] > order[worst] {
			worst = f.Verdict
		}
	}
	return worst
}

// subject makes findings about one thing.
type subject string

func (s subject) ok(format string, args ...any) Finding {
	return Finding{Subject: string(s), Verdict: OK, Detail: words.Sprintf(format, args...)}
}

func (s subject) skipped(why string) Finding {
	return Finding{Subject: string(s), Verdict: Skipped, Detail: why}
}

func (s subject) warning(remedy, format string, args ...any) Finding {
	return Finding{Subject: string(s), Verdict: Warning, Detail: words.Sprintf(format, args...),
		Remedy: remedy}
}

func (s subject) failure(remedy, format string, args ...any) Finding {
	return Finding{Subject: string(s), Verdict: Failure, Detail: words.Sprintf(format, args...),
		Remedy: remedy}
}

// gb formats bytes for people.
func gb(n int64) string { return fmt.Sprintf("%.1f GB", float64(n)/1e9) }
