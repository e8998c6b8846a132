package signing

import (
	"cmp"
	"context"
	"io"
	"os"
	"time"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// Options say which signature an archive gets.
type Options struct {
	Key       string // file of the secret key; with Signature, of the public one
	Name      string // that others are to know the key by; "": that of its file
	Signature string // file with a signature of minisign's; "": one is made
}

// Signer makes a signed archive at a path.
type Signer func(path string, o mbtiles.CopyOptions) (mbtiles.CopyReport, error)

// Signer reads the key, before anything is done. It asks for its password on prompt.
func (o Options) Signer(ctx context.Context, a *mbtiles.Archive, now time.Time,
	prompt io.Writer) (Signer, error) {
	if o.Signature == "" {
		secret, err := Secret(o.Key, func() (string, error) { return Password(prompt, false) })
		secret.Name = cmp.Or(o.Name, secret.Name)
		return func(path string, co mbtiles.CopyOptions) (mbtiles.CopyReport, error) {
			return Archive(ctx, a, path, secret, now, co)
		}, err
	}
	key, err := Public(o.Key)
	if err != nil {
		return nil, err
	}
	signature, err := os.ReadFile(o.Signature)
	return func(path string, co mbtiles.CopyOptions) (mbtiles.CopyReport, error) {
		return embed(ctx, a, path, string(signature), key, co)
	}, err
}
