package farm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"path/filepath"
	"regexp"
	"time"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/internal/version"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// protocol is the version of the messages between coordinator and workers.
const protocol = 1

// Contract is what a worker must know of a build, and agree to. Equal contracts for equal textures
// give equal bytes.
type Contract struct {
	Build    string `json:"build"` // the hash of all that decides the result
	Archive  string `json:"archive"`
	Host     string `json:"host"` // of the coordinator, for people
	Textures int    `json:"textures"`
	Jobs     int    `json:"jobs"`

	Making
	Fetching

	Shares string `json:"shares,omitempty"` // the folder that shares travel through; "": the object store
}

// Making decides what the textures are.
type Making struct {
	Protocol    int    `json:"protocol"`
	Program     string `json:"program"`      // version of xelpack
	Decoder     string `json:"jpeg_decoder"` // other decoders give other pixels
	Format      int    `json:"format"`       // of the archive
	Quality     string `json:"quality"`
	Compression string `json:"compression"`
	Fallback    bool   `json:"fallback,omitempty"`
	// the provider: its description, or, of a mosaic or one with filters, the name by which every
	// worker finds its own
	Provider  string          `json:"provider"`
	Described *fetch.Provider `json:"described,omitempty"`
	Print     string          `json:"print"` // hash of the description
}

// Fetching says how chunks are fetched.
type Fetching struct {
	Retries  int           `json:"retries"`
	Timeout  time.Duration `json:"timeout"`
	Patience time.Duration `json:"patience"`
}

// secret is a parameter of an address, or a header, that is meant for one user only.
var secret = regexp.MustCompile(`(?i)(key|token|secret|signature|password|auth|cookie)`)

// errSecret is a provider whose description would give a secret away.
var errSecret = errors.New("the provider's description has what looks like a secret")

// contractOf makes the contract of a plan. trusted lets secrets in it.
func contractOf(p *plan.Plan, o build.Options, trusted bool) (Contract, error) {
	provider := p.Provider
	if o.LookName != "" {
		return Contract{}, usage.Errorf("--bake-look: workers of a farm cannot bake looks: build without " +
			"it, and mount or export with the look")
	}
	c := Contract{
		Archive: filepath.Base(p.Options.Output), Textures: len(p.Items),
		Making: Making{
			Protocol: protocol, Program: ourProgram(), Decoder: dds.Decoder(), Format: mbtiles.FormatVersion,
			Quality: p.Options.Making.Quality.String(), Compression: p.Options.Making.Compression.String(),
			Fallback: o.Fallback, Provider: p.Options.Imagery.Provider, Print: printOf(provider),
		},
		Fetching: Fetching{Retries: o.Retries, Timeout: o.Timeout, Patience: o.Patience},
	}
	if len(provider.Layers) > 0 || provider.Filter != nil {
		if p.Options.Imagery.Zones != "" || c.Provider == imagery.Auto {
			return c, usage.Errorf("--farm: workers cannot find this mosaic: give it a name in mosaics.toml, " +
				"the same on every machine, and choose it with --provider")
		}
	} else {
		if bare := secretIn(provider); bare != "" && !trusted {
			return c, usage.Errorf("--farm: %w (%s): put it into providers.toml as {token}, so that every "+
				"worker has its own, or give --farm-trusted if all who use the server may see it", errSecret, bare)
		}
		provider.Outline, provider.Notes, provider.Ignored, provider.File = nil, nil, nil, ""
		c.Provider, c.Described = provider.ID, &provider
	}
	h := sha256.New()
	writeJSON(h, c.Making)
	writeJSON(h, p.Items)
	c.Build = sum(h)
	return c, nil
}

// ourProgram names the version of this program: workers of another one are not given jobs.
func ourProgram() string {
	if commit := version.Commit(); commit != "" {
		return version.Program() + " " + commit
	}
	return version.Program()
}

func writeJSON(h hash.Hash, v any) { _ = json.NewEncoder(h).Encode(v) } // plain data, into memory

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil))[:16] }

// printOf hashes what a provider's chunks and textures depend on.
func printOf(p fetch.Provider) string {
	h := sha256.New()
	writePrint(h, p)
	for _, l := range p.Layers {
		writePrint(h, l.Provider)
		writeJSON(h, []any{l.Priority, l.Lone, l.Maptypes, l.NotFor})
	}
	return sum(h)
}

func writePrint(h hash.Hash, p fetch.Provider) {
	writeJSON(h, []any{p.ID, p.Template, p.Kind, p.TilePx, p.MinZL, p.MaxZL, p.NoImagery, p.Blank,
		p.JPEGOnly, p.Filter.String()})
}

// secretIn names the part of a description that looks like a secret, or returns "".
func secretIn(p fetch.Provider) string {
	for name := range p.Headers {
		if secret.MatchString(name) {
			return "header " + name
		}
	}
	for _, m := range regexp.MustCompile(`[?&]([^=&]+)=([^&{]+)`).FindAllStringSubmatch(p.Template, -1) {
		if secret.MatchString(m[1]) {
			return "parameter " + m[1]
		}
	}
	return ""
}

// provider returns the provider of the contract, and what this worker lacks to keep the contract.
func (c Contract) provider(o imagery.Options) (p fetch.Provider, err error) {
	switch ours := ourProgram(); {
	case c.Protocol != protocol || c.Format != mbtiles.FormatVersion || c.Program != ours:
		return p, fmt.Errorf("it is for %s, and this is %s: use the same version", c.Program, ours)
	case c.Decoder != dds.Decoder():
		return p, fmt.Errorf("it is for the JPEG decoder %q, and here is %q, which gives other pixels", c.Decoder,
			dds.Decoder())
	case c.Described != nil:
		p = *c.Described
	default:
		o.Provider = c.Provider
		if p, err = o.Lookup(nil, func(string) {}); err != nil {
			return p, err
		}
	}
	if printOf(p) != c.Print {
		return p, fmt.Errorf("%s is described differently here", c.Provider)
	}
	if len(p.Layers) > 0 || p.Local() {
		return p, nil
	}
	known, err := imagery.Catalogue()
	if err == nil {
		_, _, err = p.Resolve(known.Token) // a token is missing, perhaps
	}
	return p, err
}

// Job is what a worker builds at once. It is a message of the queue.
type Job struct {
	N     int          `json:"n"`
	Items []tiles.Item `json:"items"`
	// Audit asks for the digest only, of another worker than NotBy.
	Audit bool   `json:"audit,omitempty"`
	NotBy string `json:"not_by,omitempty"`
}

// Share announces a built job.
type Share struct {
	Job
	Worker string `json:"worker"`
	Object string `json:"object,omitempty"` // its name in the object store or the folder; "": Body
	Body   []byte `json:"-"`                // the share itself, if it is small
	Digest string `json:"digest"`
	Bytes  int64  `json:"bytes"`
	Spent
}

// message is a line of JSON and Body: in JSON, Body would cost more than all else of a small job.
func (s Share) message() ([]byte, error) {
	text, err := json.Marshal(s)
	return append(append(text, '\n'), s.Body...), err
}

// shareOf is the inverse of message.
func shareOf(message []byte) (s Share, err error) {
	text, body, _ := bytes.Cut(message, []byte{'\n'})
	err = json.Unmarshal(text, &s)
	s.Body = body
	return s, err
}

// Spent is what was requested for shares.
type Spent struct {
	Requests   int64 `json:"requests"`
	Retries    int64 `json:"retries"`
	Downloaded int64 `json:"downloaded"`
}
