// mapread FILE... copies files to standard output through memory, the way a simulator may read them: mapped, and page by page in no order. A read that the file
// system fails is SIGBUS here, as there.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { page = 4096, stride = 1021 }; // a prime, so that i*stride meets every page

int main(int argc, char **argv) {
	for (int a = 1; a < argc; a++) {
		int fd = open(argv[a], O_RDONLY);
		struct stat st;
		if (fd < 0 || fstat(fd, &st) < 0) {
			perror(argv[a]);
			return 1;
		}
		size_t size = st.st_size, pages = (size + page - 1) / page;
		const char *map = mmap(NULL, size, PROT_READ, a % 2 ? MAP_SHARED : MAP_PRIVATE, fd, 0);
		char *copy = malloc(size);
		if (map == MAP_FAILED || !copy) {
			perror(argv[a]);
			return 1;
		}
		close(fd); // the mapping alone holds the file
		for (size_t i = 0; i < pages; i++) {
			size_t at = i * stride % pages * page;
			memcpy(copy + at, map + at, size - at < page ? size - at : page);
		}
		if (pages % stride == 0)
			memcpy(copy, map, size);
		munmap((void *)map, size);
		for (size_t done = 0; done < size;) {
			ssize_t n = write(1, copy + done, size - done);
			if (n < 0) {
				perror("write");
				return 1;
			}
			done += n;
		}
		free(copy);
	}
	return 0;
}
