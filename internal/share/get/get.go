// Package get fetches a flight out of a published folder of archives: it reads the catalogue,
// chooses the archives that cover the flight, and makes one archive of their textures.
//
//	offer, err := get.Load(ctx, "https://example.com/xelpack/", opener)
//	choice, err := offer.Choose(ctx, get.Options{Pick: pick})
//	defer choice.Close()
//	report, err := choice.Make(ctx, "flight.mbtiles", copyOptions)
package get

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/xelpack/xelpack/internal/remote"
	"github.com/xelpack/xelpack/internal/share/catalogue"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// Opener opens archives by path or address, and has the client of what is fetched.
type Opener interface {
	Open(context.Context, string, mbtiles.ReaderOptions) (*mbtiles.Archive, error)
	Client() *fetch.Client
}

// Offer is a catalogue and where it was found.
type Offer struct {
	catalogue.Catalogue
	name   string   // fit to be shown
	at     *url.URL // nil: in dir
	dir    string
	opener Opener
}

// Load reads a catalogue by its address or path, or that of its folder.
func Load(ctx context.Context, name string, opener Opener) (*Offer, error) {
	if strings.HasSuffix(strings.ToLower(remote.Shown(name)), ".mbtiles") {
		return nil, usage.Errorf("%s is an archive, not a catalogue: `xelpack extract` takes it",
			remote.Shown(name))
	}
	o := &Offer{opener: opener, name: remote.Shown(name)}
	read := o.readFile
	if remote.IsURL(name) {
		read = o.fetch
	}
	text, err := read(ctx, name)
	if err == nil {
		o.Catalogue, err = catalogue.Parse(text)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.name, err)
	}
	return o, nil
}

func (o *Offer) readFile(_ context.Context, name string) ([]byte, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		name = filepath.Join(name, catalogue.File)
	}
	o.name, o.dir = name, filepath.Dir(name)
	info, err := os.Stat(name)
	if err == nil && info.Size() > catalogue.MaxBytes {
		err = catalogue.ErrTooLarge
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(name)
}

func (o *Offer) fetch(ctx context.Context, name string) (text []byte, err error) {
	if o.at, err = url.Parse(name); err != nil || o.at.Host == "" {
		return nil, errors.New("not an address (want https://host/folder/catalogue.json)")
	}
	if !strings.HasSuffix(o.at.Path, ".json") {
		o.at = o.at.JoinPath(catalogue.File)
		o.name = remote.Shown(o.at.String())
	}
	err = o.opener.Client().Range(ctx, fetch.RangeRequest{URL: o.at.String(),
		To: catalogue.MaxBytes + 1,
		Check: func(f fetch.RemoteFile) error {
			if f.Size > catalogue.MaxBytes {
				return catalogue.ErrTooLarge
			}
			return nil
		},
		Sink: func(p []byte) error { text = append(text, p...); return nil }})
	if status, ok := errors.AsType[*fetch.StatusError](err); ok && status.Code == 404 {
		return nil, fmt.Errorf("%w: no catalogue is there: `xelpack publish` makes one", err)
	}
	return text, remote.Explain(err)
}

// addresses returns where an archive is, in the order in which to try.
func (o *Offer) addresses(a catalogue.Archive) []string {
	if o.at == nil {
		return append([]string{filepath.Join(o.dir, a.File)}, a.Mirrors...)
	}
	beside := o.at.ResolveReference(&url.URL{Path: "./" + a.File})
	beside.RawQuery = o.at.RawQuery // perhaps a key
	list := []string{beside.String()}
	for _, mirror := range a.Mirrors {
		// A catalogue from elsewhere may not point into one's own house.
		if u, err := url.Parse(mirror); err == nil && (!inHouse(u.Hostname()) ||
			inHouse(o.at.Hostname())) {
			list = append(list, mirror)
		}
	}
	return list
}

// inHouse reports whether a host is this machine or one of its network.
func inHouse(host string) bool {
	ip := net.ParseIP(host)
	if ip == nil {
		return !strings.Contains(host, ".") || strings.HasSuffix(host, ".local") ||
			strings.HasSuffix(host, ".lan") || strings.HasSuffix(host, ".home.arpa")
	}
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()
}

// ErrOther means that a file is not the one that the catalogue describes.
var ErrOther = errors.New("it is not the archive that the catalogue describes: it was replaced " +
	"after it was published, perhaps")

// open opens an archive at the first of its addresses that has it.
func (o *Offer) open(ctx context.Context, a catalogue.Archive,
	note func(string)) (*mbtiles.Archive, error) {
	var failed []error
	for _, address := range o.addresses(a) {
		archive, err := o.openAt(ctx, a, address)
		if err == nil {
			if len(failed) > 0 {
				note(fmt.Sprintf("%v; using %s", failed[len(failed)-1], remote.Shown(address)))
			}
			return archive, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		failed = append(failed, err)
	}
	return nil, errors.Join(failed...)
}

func (o *Offer) openAt(ctx context.Context, a catalogue.Archive,
	address string) (_ *mbtiles.Archive, err error) {
	// It is read once from start to end: caching is useless.
	archive, err := o.opener.Open(ctx, address, mbtiles.ReaderOptions{CacheBytes: -1, Readers: 2})
	if err != nil {
		return nil, err
	}
	other := archive.Root() != a.Root
	if !archive.Remote() || a.Root == "" { // every texture from elsewhere is compared with the root
		var digest string
		digest, err = archive.Digest(ctx)
		other = other || digest != a.Digest
	}
	if other && err == nil {
		err = fmt.Errorf("%s: %w", remote.Shown(address), ErrOther)
	}
	if err != nil {
		return nil, errors.Join(err, archive.Close())
	}
	return archive, nil
}
