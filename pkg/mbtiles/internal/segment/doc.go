// Package segment cuts DDS files into the segments that an archive stores, packs them and unpacks
// them. docs/archive-format.md specifies the cut and the codecs. Stored data is not trusted:
// decoding never produces more bytes than the layout says.
package segment

// Stored is a segment as stored.
type Stored struct {
	Codec int64
	Data  []byte
}
