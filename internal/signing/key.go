// Package signing has whose archives are: keys and signatures in the format of minisign, and the
// keys that were met before. It trusts no clock: a signature has no time from which or until which
// it counts.
package signing

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"aead.dev/minisign"

	"github.com/xelpack/xelpack/internal/usage"
)

// PublicKey is a key that signatures are checked with.
type PublicKey = minisign.PublicKey

// ID returns the id of a key as minisign writes it. It is a hint, and proves nothing.
func ID(id uint64) string { return fmt.Sprintf("%016X", id) }

// Names of keys, by which their owners are called.
const mostName = 64

// CheckName refuses what cannot be a name for the owner of a key.
func CheckName(name string) error {
	bad := func(r rune) bool { return !unicode.IsGraphic(r) || r == ':' }
	if name == "" || len(name) > mostName || !utf8.ValidString(name) ||
		name != strings.TrimSpace(name) || strings.ContainsFunc(name, bad) {
		return fmt.Errorf("%q is not a name for a key: want 1 to %d bytes of text without a colon", name,
			mostName)
	}
	return nil
}

// Make makes a pair of keys: file has the secret one, for its owner only, and file with .pub in
// place of its ending the public one. An empty password leaves the secret key unprotected. Files
// that exist are not touched.
func Make(file, password string) (PublicKey, string, error) {
	public, secret, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		return public, "", err
	}
	var text []byte
	if password == "" {
		text, err = secret.MarshalText()
	} else {
		text, err = minisign.EncryptKey(password, secret)
	}
	if err != nil {
		return public, "", err
	}
	pub := strings.TrimSuffix(file, filepath.Ext(file)) + ".pub"
	if pub == file {
		return public, "", usage.Errorf("%s: the ending .pub is that of the public key: name the "+
			"secret one otherwise, such as %s.key", file, strings.TrimSuffix(file, ".pub"))
	}
	if _, err := os.Lstat(pub); !errors.Is(err, fs.ErrNotExist) {
		return public, "", fmt.Errorf("%s: it exists already and is left as it is; choose another "+
			"name", pub)
	}
	if err := create(file, append(text, '\n'), 0o600); err != nil {
		return public, "", err
	}
	text, err = public.MarshalText()
	if err == nil {
		err = create(pub, append(text, '\n'), 0o644)
	}
	return public, pub, err
}

// create writes a new file.
func create(file string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: it exists already and is left as it is; choose another name", file)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// mostKey bounds what is read of a file that should be a key.
const mostKey = 4 << 10

func readSmall(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > mostKey {
		return nil, fmt.Errorf("%s: not a key of minisign: want a file of at most %d bytes", file,
			mostKey)
	}
	return os.ReadFile(file)
}

// Public reads a public key: the key itself, as `minisign -P` takes it, or the name of a file.
func Public(text string) (key PublicKey, err error) {
	if err := key.UnmarshalText([]byte(text)); err == nil {
		return key, nil
	}
	b, err := readSmall(text)
	if errors.Is(err, fs.ErrNotExist) {
		return key, fmt.Errorf("%q: neither a public key of minisign (56 characters from RW on) nor a "+
			"file with one", text)
	}
	if err != nil {
		return key, err
	}
	if bytes.Contains(b, []byte("secret key")) {
		return key, fmt.Errorf("%s: this is a secret key; give the public one, which ends in .pub", text)
	}
	if err := key.UnmarshalText(bytes.TrimSpace(b)); err != nil {
		return key, fmt.Errorf("%s: not a public key of minisign: %w", text, err)
	}
	return key, nil
}

// SecretKey signs.
type SecretKey struct {
	minisign.PrivateKey
	Name string // of its owner
}

// Public returns the key that checks its signatures.
func (k SecretKey) Public() PublicKey { return k.PrivateKey.Public().(PublicKey) }

// errPassword is of a secret key that the password does not open.
var errPassword = errors.New("the password is wrong, or the file is damaged")

// Secret reads a secret key, and asks for its password if it has one. Its owner is called as the
// file is, without its ending.
func Secret(file string, password func() (string, error)) (key SecretKey, err error) {
	key.Name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	b, err := readSmall(file)
	if err != nil {
		return key, err
	}
	if !minisign.IsEncrypted(bytes.TrimSpace(b)) {
		if err := key.UnmarshalText(bytes.TrimSpace(b)); err != nil {
			return key, fmt.Errorf("%s: not a secret key of minisign (want the file that `xelpack key "+
				"make` or `minisign -G` has made, not the .pub)", file)
		}
		return key, nil
	}
	secret, err := password()
	if err != nil {
		return key, err
	}
	if key.PrivateKey, err = minisign.DecryptKey(secret, bytes.TrimSpace(b)); err != nil {
		return key, fmt.Errorf("%s: %w", file, errPassword)
	}
	return key, nil
}

// Sign returns a file of minisign's with a signature over text, which says who signed when, with
// which key, and that it is of file.
func Sign(k SecretKey, text, file string, now time.Time) string {
	r := minisign.NewReader(strings.NewReader(text))
	_, _ = new(bytes.Buffer).ReadFrom(r) // a string has no errors
	comment := "timestamp:" + strconv.FormatInt(now.Unix(), 10) + "\tfile:" + plain(file) + "\tname:" +
		k.Name + "\tkey:" + k.Public().String() + "\thashed"
	return string(r.SignWithComments(k.PrivateKey, comment,
		"signature of an xelpack archive, key "+ID(k.ID())))
}

// plain is a file's name without what a comment cannot have.
func plain(file string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return '_'
	}, filepath.Base(file))
}
