// Package imagery opens the source of chunks: the provider, the process's client, and the store of
// fetched chunks in front of it. Everything that builds an archive, serves a mount or estimates
// either gets its source here.
//
//	p, err := o.Lookup(textures, note)
//	source, err := o.Open(ctx, p, fetch.ClientOptions{}, note)
//	defer source.Close()
package imagery

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/quota"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/internal/version"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Options say where imagery comes from and what is kept of it.
type Options struct {
	Provider    string  // an id, a URL template, mbtiles:FILE, FILE.lay, a mosaic, or Auto
	Zones       string  // GeoJSON of polygons, each with its provider, over Provider; "": none
	Concurrency int     // requests in flight at once; 0: 16 per processor
	Rate        float64 // requests a second at most; 0: as many as the provider accepts

	Keep    string // maximum size of the store; "": DefaultKeep, or none for a bare URL template
	NoStore bool   // do not use the store
	Offline bool   // no network: chunks that are not in the store are missing

	UntilWhole bool // chunks not kept otherwise are kept as long as their textures have holes
	AskMissing bool // ask again where the store knows that there is no imagery
}

// maxRate is more requests a second than any provider accepts.
const maxRate = 1_000_000

// Validate checks the options by themselves.
func (o Options) Validate() error {
	if o.Concurrency < 0 || o.Concurrency > fetch.MaxConcurrency {
		return usage.Errorf("--concurrency %d: must be between 1 and %d, or 0 for 16 per processor",
			o.Concurrency, fetch.MaxConcurrency)
	}
	if !(o.Rate >= 0) {
		return usage.Errorf("--rate %v: must not be negative", o.Rate)
	}
	if o.Rate > maxRate {
		return usage.Errorf("--rate %v: must be at most %d", o.Rate, maxRate)
	}
	if _, err := o.KeepBytes(); err != nil {
		return usage.Errorf("--keep-chunks: %w", err)
	}
	if o.Offline && o.NoStore {
		return usage.Errorf("--offline and --no-store cannot be combined")
	}
	return nil
}

// Source is the source of chunks of a build or a mount: the provider, with the store in front.
type Source struct {
	fetch.Source
	Client *fetch.Client
	layers []fetch.Source // of a mosaic, in order
	stores openStores
	done   func() error // closes the client
	note   func(string)
}

// Open opens p's imagery with a client of its own: one per process. A store that cannot be used is
// noted and skipped, unless o.Offline needs it. The caller must Close it.
func (o Options) Open(ctx context.Context, p fetch.Provider, co fetch.ClientOptions,
	note func(string)) (*Source, error) {
	known, err := Catalogue()
	if err != nil {
		return nil, err
	}
	co.Concurrency, co.Rate = o.Concurrency, o.Rate
	client, done := newClient(ctx, known, co)
	s := &Source{Client: client, done: done, note: note}
	if len(p.Layers) == 0 {
		if s.Source, err = o.one(ctx, s, p); err != nil {
			s.Close()
			return nil, err
		}
		return s, nil
	}
	// A source is opened when it is first asked: most of a mosaic is not wanted.
	shared := map[string]fetch.Source{}
	for _, l := range p.Layers {
		key := l.ID + " " + l.Template
		if shared[key] == nil {
			shared[key] = &lazy{open: func(ctx context.Context) (fetch.Source, error) {
				return o.one(context.WithoutCancel(ctx), s, l.Provider)
			}}
		}
		s.layers = append(s.layers, shared[key])
	}
	return s, nil
}

// Sources implements pack.Sources.
func (s *Source) Sources() []fetch.Source { return s.layers }

// one returns the source of p, which is not a mosaic, with its store in front.
func (o Options) one(ctx context.Context, s *Source, p fetch.Provider) (fetch.Source, error) {
	source := s.Client.Source(p)
	store, err := o.openStore(ctx, p)
	switch {
	case err != nil && o.Offline:
		return nil, fmt.Errorf("--offline: %w", err)
	case err != nil:
		s.note(words.Sprintf("chunks are not kept: %v", err))
		return source, nil
	case store == nil:
		return source, nil
	}
	s.stores.add(store)
	if o.Offline {
		source = nil
	}
	return store.Source(source, o.AskMissing), nil
}

// Forget implements fetch.Keeper for the store.
func (s *Source) Forget(c tiles.Chunk) {
	if keeper, ok := s.Source.(fetch.Keeper); ok {
		keeper.Forget(c)
	}
}

// Whole implements fetch.Keeper for the store.
func (s *Source) Whole(chunks []tiles.Chunk) {
	if keeper, ok := s.Source.(fetch.Keeper); ok {
		keeper.Whole(chunks)
	}
}

// Close closes stores and client. A store that could not be written does not fail the work: it is
// noted.
func (s *Source) Close() {
	if err := s.stores.close(); err != nil {
		s.note(words.Sprintf("chunks are not kept: %v", err))
	}
	if err := s.done(); err != nil {
		s.note(words.Sprintf("%v", err))
	}
}

// newClient returns the process's client, which says who we are and keeps to the requests that a
// provider takes a day, and what closes it.
func newClient(ctx context.Context, known *providers.Catalogue,
	co fetch.ClientOptions) (client *fetch.Client, done func() error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	requests := quota.New(filepath.Join(cache, "xelpack", "requests"))
	co.UserAgent, co.Token = version.Program(), known.Token
	co.Allow = func(ctx context.Context, p fetch.Provider) error {
		return requests.Take(ctx, p.ID, p.RequestsADay)
	}
	client = fetch.NewClient(co)
	return client, func() error {
		client.Close()
		return requests.Close(context.WithoutCancel(ctx))
	}
}
