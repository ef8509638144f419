/* Feeds the harness with mutated inputs of a folder, for machines without libFuzzer: mutate SECONDS INPUT... */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { LARGEST = 1 << 16, MOST_INPUTS = 4096 };

static uint64_t state = 88172645463325252u;

static uint64_t draw(uint64_t limit) { /* xorshift64 (Marsaglia, Journal of Statistical Software, 2003) */
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % limit;
}

static uint8_t inputs[MOST_INPUTS][LARGEST >> 4];
static size_t sizes[MOST_INPUTS];
static uint8_t work[LARGEST];

static size_t mutate(size_t size, int count) {
    static const char *const literals[] = {"PERF_TRACE|", "|elapsed_ms=", "|", "=", "\n", "\x1b[0m", "parent=", "9999999999"};
    for (uint64_t left = 1 + draw(6); left; left--) {
        size_t at = draw(size + 1);
        const char *literal = literals[draw(sizeof literals / sizeof *literals)];
        int other = (int)draw((uint64_t)count);
        const uint8_t *piece = draw(2) ? (const uint8_t *)literal : inputs[other];
        size_t length = piece == inputs[other] ? draw(sizes[other] + 1) : strlen(literal);
        if (draw(3) == 0 && size > 2) { /* remove a piece */
            size_t end = at + draw(size - at + 1);
            memmove(work + at, work + end, size - end);
            size -= end - at;
        } else if (draw(2) && size) {
            work[draw(size)] = (uint8_t)draw(256);
        } else if (size + length < LARGEST) {
            memmove(work + at + length, work + at, size - at);
            memcpy(work + at, piece, length);
            size += length;
        }
    }
    return size;
}

int main(int argc, char **argv) {
    int count = 0;
    for (int at = 2; at < argc && count < MOST_INPUTS; at++) {
        FILE *file = fopen(argv[at], "rb");
        if (!file)
            return 2;
        sizes[count] = fread(inputs[count], 1, sizeof inputs[count], file);
        fclose(file);
        LLVMFuzzerTestOneInput(inputs[count], sizes[count]);
        count++;
    }
    time_t end = time(NULL) + atoi(argc > 1 ? argv[1] : "1");
    long runs = 0;
    for (; count && time(NULL) < end; runs++) {
        int chosen = (int)draw((uint64_t)count);
        memcpy(work, inputs[chosen], sizes[chosen]);
        size_t size = mutate(sizes[chosen], count);
        FILE *last = runs % 64 ? NULL : fopen("last-input", "wb"); /* near what was tried when it broke */
        if (last) {
            fwrite(work, 1, size, last);
            fclose(last);
        }
        LLVMFuzzerTestOneInput(work, size);
    }
    printf("%ld inputs\n", runs);
    return 0;
}
