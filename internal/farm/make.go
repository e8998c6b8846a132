package farm

import (
	"context"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// maker builds shares with the pipeline.
type maker struct {
	provider fetch.Provider
	source   *imagery.Source
	pipeline *pack.Pipeline
}

func newMaker(ctx context.Context, c Contract, o imagery.Options, l *lease, note func(string)) (*maker, error) {
	p, err := c.provider(o)
	if err != nil {
		return nil, err
	}
	quality, err := dds.ParseQuality(c.Quality)
	if err != nil {
		return nil, err
	}
	compression, err := mbtiles.ParseCompression(c.Compression)
	if err != nil {
		return nil, err
	}
	m := &maker{provider: p}
	o.UntilWhole = true // a job that is begun again has its chunks
	retries := c.Retries
	if retries == 0 {
		retries = -1
	}
	m.source, err = o.Open(ctx, p, fetch.ClientOptions{Retries: retries, Timeout: c.Timeout, Patience: c.Patience,
		OnOutage: l.outage, Observer: l, Pace: l.Pace}, note)
	if err != nil {
		return nil, err
	}
	m.pipeline = pack.New(pack.Options{Fallback: c.Fallback, Quality: quality, Compression: compression}.
		From(m.source, p))
	return m, nil
}

func (m *maker) close() {
	_ = m.pipeline.Close() // it has nothing that could be lost
	m.source.Close()
}

func (m *maker) stats() Spent {
	s := m.source.Client.Stats()
	return Spent{s.Requests, s.Retries, s.BytesDownloaded}
}

// shareQueue bounds the contents of one share waiting to be written.
const shareQueue = 16 << 20

func (m *maker) share(ctx context.Context, j Job, file string) (digest string, err error) {
	w, err := mbtiles.Create(ctx, file, mbtiles.WriterOptions{QueueBytes: shareQueue, Scratch: true})
	if err != nil {
		return "", err
	}
	_, err = pack.Build(ctx, m.pipeline, w, pack.Job{Items: j.Items, Provider: m.provider.ID, Client: m.source.Client,
		Meta: map[string]string{"name": "share"}})
	if err != nil {
		return "", err
	}
	return digestOf(ctx, file)
}

func digestOf(ctx context.Context, file string) (digest string, err error) {
	a, err := mbtiles.OpenWith(ctx, file, mbtiles.ReaderOptions{CacheBytes: -1, Readers: 1})
	if err != nil {
		return "", err
	}
	defer func() { _ = a.Close() }()
	return a.Digest(ctx)
}
