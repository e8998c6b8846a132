package pack

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// Cause is a reason why chunks failed.
type Cause struct {
	Cause   string `json:"cause"` // in words: "the provider answers HTML: Access denied"
	Count   int64  `json:"count"` // chunks
	Example string `json:"example"`
}

const (
	// namedCauses is how many causes are reported: the most frequent.
	namedCauses = 3
	// keptCauses bounds the number of different causes.
	keptCauses = 64
)

// causes counts why chunks failed, and keeps an example of each.
type causes struct {
	mu     sync.Mutex
	byKind map[string]*Cause
}

func (c *causes) add(err error) {
	says := fetch.Explain(err)
	// Lengths, ports and request numbers differ from answer to answer; the number of a status
	// identifies it.
	kind := says
	if !strings.HasPrefix(kind, "answers status ") {
		kind = strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return -1
			}
			return r
		}, kind)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKind == nil {
		c.byKind = map[string]*Cause{}
	}
	known, ok := c.byKind[kind]
	if !ok {
		if len(c.byKind) >= keptCauses {
			kind = "fails in many ways"
			says = kind
		}
		if known, ok = c.byKind[kind]; !ok {
			known = &Cause{Cause: words.Plain("the provider " + says), Example: words.Of(err)}
			c.byKind[kind] = known
		}
	}
	known.Count++
}

// Causes returns the reasons why chunks failed, most frequent first.
func (c *Counts) Causes() []Cause {
	c.causes.mu.Lock()
	defer c.causes.mu.Unlock()
	var list []Cause
	for _, known := range c.causes.byKind {
		list = append(list, *known)
	}
	return mostFrequent(list)
}

// mostFrequent puts the causes to be named in their order.
func mostFrequent(list []Cause) []Cause {
	slices.SortFunc(list, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Cause, b.Cause))
	})
	return list[:min(len(list), namedCauses)]
}

// Add adds the figures of another build.
func (r *Report) Add(other Report) {
	r.Built += other.Built
	r.Chunks.OK += other.Chunks.OK
	r.Chunks.NoImagery += other.Chunks.NoImagery
	r.Chunks.Failed += other.Chunks.Failed
	r.Holes += other.Holes
	r.FailedChunks += other.FailedChunks
	r.Requests += other.Requests
	r.Retries += other.Retries
	r.Outages += other.Outages
	r.BytesDownloaded += other.BytesDownloaded
	r.BytesStored += other.BytesStored
	r.ElapsedSeconds += other.ElapsedSeconds
	r.Causes = mostFrequent(slices.Concat(r.Causes, other.Causes))
}
