/* What was fed and what the ADC latched, for tests: the product never reads it.
 *
 * Head of 32 bytes: "INSTRUTH", u32 bytes a record (16), u32 channels (16), f64 CPU cycles a true second, u64 seed.
 * Records, little-endian: f64 true us since *start*, u8 type | flags, u8 channel, u16 code, u16 a, u16 b
 * (a, b together: u32 detail of an event). Nothing is written before the first *start*.
 */
#include "desk.h"

#include <errno.h>
#include <string.h>

#define RECORD_BYTES 16

static void put(struct desk *desk, double time_us, uint8_t type, uint8_t channel, uint16_t code, uint32_t detail)
{
    struct truth *truth = &desk->truth;
    truth->counts[type & 0x1f]++;
    if (!truth->file)
        return;
    uint8_t record[RECORD_BYTES];
    memcpy(record, &time_us, 8);
    record[8] = type;
    record[9] = channel;
    memcpy(record + 10, &code, 2);
    memcpy(record + 12, &detail, 4);
    if (fwrite(record, sizeof record, 1, truth->file) != 1)
        die(EXIT_FAILED, "%s: %s", desk->options->truth, strerror(errno));
}

void truth_open(struct desk *desk, const char *path)
{
    if (!path)
        return;
    struct truth *truth = &desk->truth;
    truth->file = fopen(path, "wb");
    if (!truth->file)
        die(EXIT_FAILED, "%s: %s", path, strerror(errno));
    setvbuf(truth->file, NULL, _IOFBF, 1 << 18);
    uint32_t sizes[2] = {RECORD_BYTES, N_CHANNELS};
    double cycles_per_s = 1e6 * desk->cycles_per_us;
    if (fwrite("INSTRUTH", 8, 1, truth->file) != 1 || fwrite(sizes, sizeof sizes, 1, truth->file) != 1 ||
        fwrite(&cycles_per_s, 8, 1, truth->file) != 1 || fwrite(&desk->options->seed, 8, 1, truth->file) != 1)
        die(EXIT_FAILED, "%s: %s", path, strerror(errno));
}

void truth_conversion(struct desk *desk, uint8_t flags, double time_us, uint8_t channel, uint16_t code, uint16_t fed,
                      uint16_t since_select)
{
    if (desk->started)
        put(desk, time_us, RECORD_CONVERSION | flags, channel, code, fed | (uint32_t)since_select << 16);
}

void truth_event(struct desk *desk, enum record_type type, uint8_t channel, uint16_t code, uint32_t detail)
{
    if (desk->started)
        put(desk, true_us(desk, desk->avr->cycle), (uint8_t)type, channel, code, detail);
}

void truth_close(struct desk *desk)
{
    if (desk->truth.file && fclose(desk->truth.file))
        die(EXIT_FAILED, "%s: %s", desk->options->truth, strerror(errno));
    desk->truth.file = NULL;
}
