package signing

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"aead.dev/minisign"

	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// Reasons not to trust an archive.
var (
	ErrForged   = errors.New("the signature is not of the key that it names")
	ErrUnsigned = errors.New("not signed with that key")
)

// Trust is how the key of a signature is known.
type Trust string

// The ways in which a key is known. Scripts rely on their text.
const (
	Given   Trust = "given"   // on the command line
	Pinned  Trust = "pinned"  // met before under that name
	First   Trust = "first"   // met now under that name, and pinned
	Unknown Trust = "unknown" // its signature cannot be checked: nobody has told the key
)

// Verdict is whose a signature is. Scripts rely on its JSON.
type Verdict struct {
	Trust   Trust  `json:"trust"`
	Name    string `json:"name,omitempty"` // of the key's owner, as signed; given keys have none
	KeyID   string `json:"key_id"`
	Key     string `json:"key,omitempty"`
	Comment string `json:"comment,omitempty"` // the trusted comment, as signed
	mbtiles.Statement
	Covers int `json:"covers"` // textures of the archive that it is proved for
}

// By says for people who has signed, and how their key is known.
func (v Verdict) By() string {
	by := "with key " + v.KeyID
	if v.Name != "" {
		by = fmt.Sprintf("by %s, key %s", words.Plain(v.Name), v.KeyID)
	}
	switch v.Trust {
	case Pinned:
		by += ", as before"
	case First:
		by += ", met for the first time and remembered; ask " + words.Plain(v.Name) +
			" whether this is the key: " + v.Key
	case Unknown:
		by += ", which is not known here: give the key with --key"
	}
	return by
}

// Claim is what a signature says of itself, which is to be checked.
type Claim struct {
	KeyID   uint64
	Name    string    // "" if it does not say
	Key     PublicKey // the one that it says it is made with
	HasKey  bool
	Comment string
}

// Read reads a file of minisign's with a signature.
func Read(signature string) (Claim, error) {
	var s minisign.Signature
	if err := s.UnmarshalText([]byte(signature)); err != nil {
		return Claim{}, fmt.Errorf("not a signature of minisign: %w", err)
	}
	c := Claim{KeyID: s.KeyID, Comment: s.TrustedComment}
	for field := range strings.SplitSeq(s.TrustedComment, "\t") {
		label, value, _ := strings.Cut(field, ":")
		switch label {
		case "name":
			if CheckName(value) == nil {
				c.Name = value
			}
		case "key":
			c.HasKey = c.Key.UnmarshalText([]byte(value)) == nil
		}
	}
	return c, nil
}

// Verify reports whether signature is key's over text.
func Verify(key PublicKey, text, signature string) bool {
	return minisign.Verify(key, []byte(text), []byte(signature))
}

// judgeOne finds out whose a signature over text is: of one of keys, of one that is pinned, or of
// the one that it names itself, which is pinned then. ErrForged is of one that its own key denies,
// ErrChanged of a name with another key than before.
func judgeOne(text, signature string, keys []PublicKey, pins *Pins) (Verdict, error) {
	claim, err := Read(signature)
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Trust: Unknown, KeyID: ID(claim.KeyID), Comment: claim.Comment}
	by := func(key PublicKey, trust Trust, name string) (Verdict, error) {
		if !Verify(key, text, signature) {
			return v, fmt.Errorf("%w, %s", ErrForged, v.KeyID)
		}
		v.Trust, v.Name, v.Key = trust, name, key.String()
		return v, nil
	}
	for _, key := range keys {
		if key.ID() == claim.KeyID {
			return by(key, Given, claim.Name)
		}
	}
	if claim.HasKey && claim.Name != "" {
		if v, err := by(claim.Key, Pinned, claim.Name); err != nil {
			return v, err
		}
		first, err := pins.Check(claim.Name, claim.Key)
		if first {
			v.Trust = First
		}
		return v, err
	}
	for _, pin := range pins.List { // minisign's own signatures name no key
		var key PublicKey
		if err := key.UnmarshalText([]byte(pin.Key)); err == nil && key.ID() == claim.KeyID {
			return by(key, Pinned, pin.Name)
		}
	}
	return v, nil
}

// Judge judges the signatures of an archive of so many textures, with the keys that were met. If
// keys are given, each texture must be signed with one of them, else it is ErrUnsigned.
func Judge(signatures []mbtiles.Signature, textures int, keys []PublicKey) ([]Verdict, error) {
	if len(signatures) == 0 && len(keys) == 0 {
		return nil, nil
	}
	verdicts, err := judgeEach(signatures, keys)
	if err != nil || len(keys) == 0 {
		return verdicts, err
	}
	var good []mbtiles.Signature
	for i, v := range verdicts {
		if v.Trust == Given {
			good = append(good, signatures[i])
		}
	}
	if n := mbtiles.Covered(good); n < textures || len(good) == 0 {
		return verdicts, fmt.Errorf("%w: of its %d textures %d are", ErrUnsigned, textures, n)
	}
	return verdicts, nil
}

func judgeEach(signatures []mbtiles.Signature, keys []PublicKey) ([]Verdict, error) {
	pins, err := LoadPins()
	if err != nil {
		return nil, err
	}
	verdicts := make([]Verdict, 0, len(signatures))
	for _, s := range signatures {
		v, err := judgeOne(s.Text(), s.Signature, keys, pins)
		if err != nil {
			return nil, err
		}
		v.Statement, v.Covers = s.Statement, s.Covers
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}

// JudgeWhole is Judge of signatures over a whole archive, which are not in it. If keys are given,
// it must be signed with one of them.
func JudgeWhole(s mbtiles.Statement, signatures []string, keys []PublicKey) ([]Verdict, error) {
	if len(signatures) == 0 && len(keys) == 0 {
		return nil, nil
	}
	whole := make([]mbtiles.Signature, len(signatures))
	for i, text := range signatures {
		whole[i] = mbtiles.Signature{Statement: s, Signature: text, Covers: s.Textures}
	}
	verdicts, err := judgeEach(whole, keys)
	if err == nil && len(keys) > 0 && !slices.ContainsFunc(verdicts,
		func(v Verdict) bool { return v.Trust == Given }) {
		err = ErrUnsigned
	}
	return verdicts, err
}
