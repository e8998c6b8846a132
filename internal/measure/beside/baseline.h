// libsquish's range fit from C: blocks of 16 RGBA pixels.
#ifdef __cplusplus
extern "C"
#endif
void bench_squish(unsigned char *dst, const unsigned char *rgba, int blocks);
