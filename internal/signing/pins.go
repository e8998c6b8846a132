package signing

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/internal/shell"
)

// ErrChanged is of a name that comes with another key than before.
var ErrChanged = errors.New("another key than before")

// Pin is a key that was met under a name.
type Pin struct {
	Name  string `toml:"name" json:"name"`
	Key   string `toml:"key" json:"key"`
	Since string `toml:"since" json:"since"` // a day; for people
}

// Pins are the keys that were met, in the order of their names. A name has one key.
type Pins struct {
	file string
	List []Pin
}

// LoadPins reads keys.toml of the configuration folder. Without one there are none yet.
func LoadPins() (*Pins, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return &Pins{}, nil // there is no home directory, and nothing can be remembered
	}
	p := &Pins{file: filepath.Join(dir, "xelpack", "keys.toml")}
	var file struct {
		Key []Pin `toml:"key"`
	}
	if _, err := toml.DecodeFile(p.file, &file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", p.file, err)
	}
	for _, pin := range file.Key {
		var key PublicKey
		if err := key.UnmarshalText([]byte(pin.Key)); err != nil || CheckName(pin.Name) != nil {
			return nil, fmt.Errorf("%s: the entry %q is not a name with a key; mend or remove it", p.file,
				pin.Name)
		}
		if _, twice := p.find(pin.Name); twice {
			return nil, fmt.Errorf("%s: two entries for %q; remove one", p.file, pin.Name)
		}
		p.List = append(p.List, pin)
	}
	return p, nil
}

func (p *Pins) find(name string) (int, bool) {
	i := slices.IndexFunc(p.List, func(q Pin) bool { return q.Name == name })
	return i, i >= 0
}

// Of returns the key that was met under a name.
func (p *Pins) Of(name string) (Pin, bool) {
	i, ok := p.find(name)
	if !ok {
		return Pin{}, false
	}
	return p.List[i], true
}

// Check compares a key with the one of that name. The first one is remembered, which first reports.
// Another one is ErrChanged, with what to do.
func (p *Pins) Check(name string, key PublicKey) (first bool, err error) {
	if err := CheckName(name); err != nil {
		return false, err
	}
	if pin, ok := p.Of(name); ok {
		if pin.Key == key.String() {
			return false, nil
		}
		return false, fmt.Errorf("%w: since %s, %q has signed with the key %s, and this is signed with "+
			"%s; unless they have told you of a new key in a way that you trust, this is a forgery. If "+
			"so: %s", ErrChanged, pin.Since, name, pin.Key, key,
			shell.Command("xelpack", "key", "forget", name))
	}
	p.List = append(p.List, Pin{name, key.String(), time.Now().Format(time.DateOnly)})
	return true, p.save()
}

// Find reads keys as Public does, each of which may also be a name that was met.
func Find(texts ...string) (keys []PublicKey, err error) {
	if len(texts) == 0 {
		return nil, nil
	}
	pins, err := LoadPins()
	if err != nil {
		return nil, err
	}
	for _, text := range texts {
		if pin, ok := pins.Of(text); ok {
			text = pin.Key
		}
		key, err := Public(text)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Forget removes the key of a name.
func (p *Pins) Forget(name string) error {
	i, ok := p.find(name)
	if !ok {
		return fmt.Errorf("no key is remembered for %q; `xelpack key list` tells whose are", name)
	}
	p.List = slices.Delete(p.List, i, i+1)
	return p.save()
}

func (p *Pins) save() error {
	slices.SortFunc(p.List, func(q, r Pin) int {
		if q.Name < r.Name {
			return -1
		}
		return 1
	})
	if p.file == "" {
		return errors.New("there is no home directory in which keys could be remembered")
	}
	if err := os.MkdirAll(filepath.Dir(p.file), 0o700); err != nil {
		return err
	}
	return safefile.Write(p.file, func(w io.Writer) error {
		if _, err := io.WriteString(w, "# Keys that signed archives were met with: "+
			"`xelpack key list`, `xelpack key forget NAME`.\n"); err != nil {
			return err
		}
		return toml.NewEncoder(w).Encode(map[string][]Pin{"key": p.List})
	})
}
