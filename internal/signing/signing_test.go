package signing

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// pair makes a pair of keys without a password.
func pair(t *testing.T, name string) SecretKey {
	t.Helper()
	file := filepath.Join(t.TempDir(), name+".key")
	if _, _, err := Make(file, ""); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v: others can read it", info.Mode(), err)
	}
	k, err := Secret(file, func() (string, error) { return "", errors.New("asked for a password") })
	if err != nil || k.Name != name {
		t.Fatal(k.Name, err)
	}
	return k
}

func noPins(t *testing.T) *Pins {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	t.Setenv("AppData", dir) // as Windows calls it
	p, err := LoadPins()
	if err != nil || len(p.List) > 0 {
		t.Fatal(p, err)
	}
	return p
}

const text = "what is signed\n"

// A signature is known by a key that is given, that was met, or that is met now; and no clock
// matters.
func TestJudgeOne(t *testing.T) {
	pins := noPins(t)
	alice := pair(t, "alice")
	for _, now := range []time.Time{{}, time.Unix(0, 0), time.Unix(1<<33, 0), time.Unix(-1<<33, 0)} {
		s := Sign(alice, text, "/tmp/a\tb\n.mbtiles", now)
		want := Pinned
		if now.IsZero() {
			want = First
		}
		v, err := judgeOne(text, s, nil, pins)
		if err != nil || v.Trust != want || v.Name != "alice" || v.Key != alice.Public().String() ||
			v.KeyID != ID(alice.ID()) {
			t.Errorf("signed at %v: %+v, %v, want %v", now, v, err, want)
		}
		if v, err := judgeOne(text, s, []PublicKey{alice.Public()}, noPins(t)); err != nil || v.Trust != Given {
			t.Errorf("given: %+v, %v", v, err)
		}
	}
}

// Whatever is changed in a signature, or in what is signed, it is not taken for its key's.
func TestJudgeOneFlipped(t *testing.T) {
	alice := pair(t, "alice")
	s := Sign(alice, text, "a.mbtiles", time.Unix(1, 0))
	_, signed, _ := strings.Cut(s, "\n") // the first line is not signed
	for i := range signed {
		for _, bit := range []byte{1, 4} {
			b := []byte(signed)
			b[i] ^= bit
			torn := s[:len(s)-len(signed)] + string(b)
			if strings.EqualFold(torn, s) || i == len(signed)-1 || b[i] == '\n' || b[i] == '\r' {
				continue
			}
			v, err := judgeOne(text, torn, []PublicKey{alice.Public()}, &Pins{})
			if err == nil && v.Trust != Unknown {
				// The last character of base64 has bits that say nothing.
				if strings.Contains("=", signed[i+1:i+2]) {
					continue
				}
				t.Errorf("byte %d, bit %d: %+v of\n%s", i, bit, v, torn)
			}
		}
	}
	if v, err := judgeOne(text+"x", s, nil, &Pins{}); !errors.Is(err, ErrForged) {
		t.Errorf("another text: %+v, %v", v, err)
	}
	for _, bad := range []string{"", "x", "untrusted comment: a\nb\ntrusted comment: c\nd\n", s[:100]} {
		if v, err := judgeOne(text, bad, nil, &Pins{}); err == nil {
			t.Errorf("%q: %+v", bad, v)
		}
	}
}

// A name keeps its key until it is forgotten.
func TestPins(t *testing.T) {
	noPins(t)
	a, b := pair(t, "alice"), pair(t, "alice")
	check := func(k SecretKey, first bool, want error) {
		t.Helper()
		p, err := LoadPins() // as another process does
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Check("alice", k.Public()); got != first || !errors.Is(err, want) {
			t.Errorf("first %v, %v, want %v, %v", got, err, first, want)
		}
	}
	check(a, true, nil)
	check(a, false, nil)
	check(b, false, ErrChanged)
	check(a, false, nil)
	pins, err := LoadPins()
	if err != nil || len(pins.List) != 1 || pins.Forget("alice") != nil || pins.Forget("alice") == nil {
		t.Fatalf("%+v, %v", pins, err)
	}
	check(b, true, nil)
	for _, name := range []string{"", " a", "a\nb", "a:b", "a\tb", strings.Repeat("a", 65), "\xff"} {
		if _, err := pins.Check(name, a.Public()); err == nil {
			t.Errorf("%q is taken for a name", name)
		}
	}
	for name, content := range map[string]string{
		"no TOML": "key", "no key": "[[key]]\nname = 'alice'\n", "no name": "[[key]]\nkey = '" + a.Public().String() + "'\n",
		"twice": strings.Repeat("[[key]]\nname = 'alice'\nkey = '"+a.Public().String()+"'\n", 2),
	} {
		if err := os.WriteFile(pins.file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if p, err := LoadPins(); err == nil || !strings.Contains(err.Error(), "keys.toml") {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

// With a key, every texture must be signed with it.
func TestJudge(t *testing.T) {
	noPins(t)
	alice, bob := pair(t, "alice"), pair(t, "bob")
	s := mbtiles.Statement{Digest: "d", Root: "r", Textures: 3}
	by := func(k SecretKey) mbtiles.Signature {
		return mbtiles.Signature{Statement: s, Signature: Sign(k, s.Text(), "a", time.Unix(1, 0)), Covers: 3}
	}
	keys := []PublicKey{alice.Public()}
	if v, err := Judge([]mbtiles.Signature{by(alice), by(bob)}, 3, nil); err != nil || len(v) != 2 {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := Judge([]mbtiles.Signature{by(bob)}, 3, keys); !errors.Is(err, ErrUnsigned) {
		t.Errorf("signed by another: %v", err)
	}
	if _, err := Judge(nil, 0, keys); !errors.Is(err, ErrUnsigned) {
		t.Errorf("not signed: %v", err)
	}
	if v, err := Judge(nil, 3, nil); err != nil || v != nil {
		t.Errorf("nothing to judge: %+v, %v", v, err)
	}
}

// What is no key is refused in words.
func TestKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, bad := range []string{"RWQ", "", dir, file("a", ""), file("b", "hello"), file("c", strings.Repeat("x", 5000))} {
		if _, err := Public(bad); err == nil {
			t.Errorf("%q is taken for a public key", bad)
		}
		if _, err := Secret(bad, func() (string, error) { return "", nil }); err == nil {
			t.Errorf("%q is taken for a secret key", bad)
		}
	}
}
