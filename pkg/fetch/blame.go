package fetch

// blame tells failures of a host from those of chunks. A host in trouble, or one that we ask too
// much of, answers now this chunk and now that: what failed comes as readily, asked again, as what
// was never asked for. Where others come and what failed never does, it is the chunks, and neither
// asking them again nor asking the host for less helps.
type blame struct {
	first float64 // share of chunks that came, of late, when they were asked for the first time
	again float64 // the same of those that had failed before
}

const (
	firstMemory = 64
	againMemory = 32
	// A host that serves less than firstShare of what is new to it is in trouble itself.
	firstShare = 0.25
	againShare = 0.04
)

func newBlame() blame { return blame{first: 1, again: 1} }

// asked counts how the attempt-th try of a chunk, from 0, ended.
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

// probed counts a chunk known to be good, asked for in the midst of failures, that came.
func (b *blame) probed() {
	b.first = 1
	b.again /= 2
}

// chunks says that failures of late are the chunks' own.
func (b *blame) chunks() bool { return b.first > firstShare && b.again < againShare }
