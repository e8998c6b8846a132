// Package pack turns chunks into textures and plans into archives: the one pipeline for `xelpack
// build` and for the mount's live textures.
//
//	p := pack.New(pack.Options{Source: client.Source(provider), MaxZL: provider.MaxZL})
//	defer p.Close()
//	built, err := p.Texture(ctx, tiles.Item{Texture: t}) // one texture
//	defer built.Release()
//
//	report, err := pack.Build(ctx, p, writer, pack.Job{Items: plan}) // a whole archive
//
// # Chunks
//
// A chunk ends in one of three ways: ok, no imagery, failed. A chunk that the provider lacks at the
// wanted zoom level, or that failed, is enlarged from the nearest parent zoom that has it, and is
// neutral ground colour if six levels have nothing. Failures leave a hole to be repaired; missing
// imagery does not.
//
// # Memory
//
// A texture in flight costs its output, and textures start only while Options.Memory has room.
// Chunk bodies are bounded by Options.Slots. Both limits are the pipeline's, not a texture's, so
// they hold however many textures are built at once.
//
// # Concurrency
//
// A Pipeline is safe for concurrent use. Decoding and encoding take one of its workers, as many as
// there are processors; waiting for the network takes none.
package pack
