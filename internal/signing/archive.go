package signing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// Archive makes an archive at path, which may be a's own, like a repacked one, and signs it. An
// earlier signature of the same key over the same archive goes.
func Archive(ctx context.Context, a *mbtiles.Archive, path string, k SecretKey, now time.Time,
	o mbtiles.CopyOptions) (mbtiles.CopyReport, error) {
	if err := CheckName(k.Name); err != nil {
		return mbtiles.CopyReport{}, usage.Errorf("%w; give it with --name", err)
	}
	return a.Sign(ctx, path, func(s mbtiles.Statement) (string, error) {
		return Sign(k, s.Text(), path, now), nil
	}, others(ctx, a, k.Public()), o)
}

// embed is Archive with a signature that was made elsewhere, by the owner of key.
func embed(ctx context.Context, a *mbtiles.Archive, path, signature string, key PublicKey,
	o mbtiles.CopyOptions) (mbtiles.CopyReport, error) {
	s, err := a.Statement(ctx)
	if err != nil {
		return mbtiles.CopyReport{}, err
	}
	fits := func(s mbtiles.Statement) (string, error) {
		if _, err := Read(signature); err != nil {
			return "", err
		}
		if !Verify(key, s.Text(), signature) {
			return "", fmt.Errorf("%w, or it is over something else: want one over the text of `xelpack "+
				"sign --text`", ErrForged)
		}
		return signature, nil
	}
	if _, err := fits(s); err != nil { // before the work
		return mbtiles.CopyReport{}, err
	}
	return a.Sign(ctx, path, fits, others(ctx, a, key), o)
}

// others accepts signatures other than key's over all of a.
func others(ctx context.Context, a *mbtiles.Archive, key PublicKey) func(mbtiles.Signature) bool {
	now, err := a.Statement(ctx)
	return func(s mbtiles.Signature) bool {
		claim, errClaim := Read(s.Signature)
		return err != nil || errClaim != nil || s.Statement != now || claim.KeyID != key.ID()
	}
}

// WriteText writes to file the text that signatures of a are over, and the signatures that a has
// beside it, as minisign expects them: file.minisig, then file.2 and file.2.minisig, and so on. It
// returns the names. An archive that is not signed has the text that is to be signed.
func WriteText(ctx context.Context, a *mbtiles.Archive, file string) (names []string, err error) {
	signatures, err := a.Signatures(ctx)
	if err != nil {
		return nil, err
	}
	if len(signatures) == 0 {
		s, err := a.Statement(ctx)
		if err != nil {
			return nil, err
		}
		signatures = []mbtiles.Signature{{Statement: s}}
	}
	write := func(name, text string) error {
		names = append(names, name)
		return safefile.Write(name, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	for i, s := range signatures {
		name := file
		if i > 0 {
			name = fmt.Sprintf("%s.%d", file, i+1)
		}
		err := write(name, s.Text())
		if err == nil && s.Signature != "" {
			err = write(name+".minisig", s.Signature)
		}
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

// PasswordVariable is the environment variable with the password of a secret key, for scripts.
const PasswordVariable = "XELPACK_KEY_PASSWORD"

// Password returns the password of a secret key: that of the environment, or the one that is typed
// on the terminal, twice if it is a new one.
func Password(prompt io.Writer, again bool) (string, error) {
	if p, ok := os.LookupEnv(PasswordVariable); ok {
		return p, nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return "", usage.Errorf("no terminal to ask for the password of the key: set %s",
			PasswordVariable)
	}
	ask := func(text string) (string, error) {
		fmt.Fprint(prompt, text)
		b, err := term.ReadPassword(int(os.Stdin.Fd()))
		fmt.Fprintln(prompt)
		return string(b), err
	}
	p, err := ask("password of the secret key: ")
	if err != nil || !again {
		return p, err
	}
	q, err := ask("once more: ")
	if err == nil && p != q {
		err = errors.New("the two passwords differ; nothing was written")
	}
	return p, err
}
