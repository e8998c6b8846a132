// Package doctor looks for what would keep a mount from working, and says of each thing how it is
// and what to do about it.
//
//	findings := doctor.FUSE(ctx)
//	findings = append(findings, doctor.Limits(), doctor.Memory(2<<30+200e6), doctor.Disk(cache, 20e9))
//	findings = append(findings, doctor.XPlane(ctx, dir, []string{"/home/me/scenery/zzXEL_eur_ortho"})...)
//	if doctor.Worst(findings) == doctor.Failure { … }
//
// Nothing is changed, but for one mount in a temporary folder, which is taken away again.
package doctor

import (
	"fmt"

	"github.com/xelpack/xelpack/internal/words"
)

// Verdict is how something is.
type Verdict string

// The verdicts, from good to bad. Skipped is for what could not be looked at, or was not asked for.
const (
	OK      Verdict = "ok"
	Skipped Verdict = "skipped"
	Warning Verdict = "warning"
	Failure Verdict = "failure"
)

// Finding is one thing that was looked at. Its JSON is a contract with scripts.
type Finding struct {
	Subject string  `json:"subject"`
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail"`           // what was found
	Remedy  string  `json:"remedy,omitempty"` // what to do about it; none where all is well
}

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

// subject makes the findings about one thing.
type subject string

func (s subject) ok(format string, args ...any) Finding {
	return Finding{Subject: string(s), Verdict: OK, Detail: words.Sprintf(format, args...)}
}

func (s subject) skipped(why string) Finding {
	return Finding{Subject: string(s), Verdict: Skipped, Detail: why}
}

func (s subject) warning(remedy, format string, args ...any) Finding {
	return Finding{Subject: string(s), Verdict: Warning, Detail: words.Sprintf(format, args...), Remedy: remedy}
}

func (s subject) failure(remedy, format string, args ...any) Finding {
	return Finding{Subject: string(s), Verdict: Failure, Detail: words.Sprintf(format, args...), Remedy: remedy}
}

// gb writes bytes for people.
func gb(n int64) string { return fmt.Sprintf("%.1f GB", float64(n)/1e9) }
