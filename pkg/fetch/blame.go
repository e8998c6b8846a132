package fetch

// blame tells failures of a host from those of chunks. A host in trouble, or one that is
// overloaded, answers some chunks and not others: chunks that failed succeed as readily, when asked
// for again, as new ones. If new chunks succeed and failed ones never do, the chunks are to blame,
// and neither retries nor fewer requests help.
type blame struct {
	first float64 // recent share of chunks that succeeded when first asked for
	again float64 // the same for chunks that had failed before
}

const (
	firstMemory = 64
	againMemory = 32
	// A host that answers less than firstShare of new chunks is in trouble itself.
	firstShare = 0.25
	againShare = 0.04
)

func newBlame() blame { return blame{first: 1, again: 1} }

// asked counts the outcome of the attempt-th try of a chunk, from 0.
func (b *blame) asked(attempt int, failed bool) {
	came := 1.0
	if failed {
		came = 0
	}
	if attempt == 0 {
		b.first += (came - b.first) / firstMemory
	} else {
		b.again += (came - b.again) / againMemory
	}
}

// probed counts a successful request for a known good chunk in the midst of failures.
func (b *blame) probed() {
	b.first = 1
	b.again /= 2
}

// chunks reports whether recent failures are due to the chunks.
func (b *blame) chunks() bool { return b.first > firstShare && b.again < againShare }
