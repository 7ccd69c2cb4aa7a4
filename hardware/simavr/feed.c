/* What the sensors give: 16 voltages over simulated time, from a file or a FIFO, linear between rows.
 *
 * Binary: "INSFEED1", u32 channels (16), u32 rows a second, then rows of 16 u16 in 0.1 mV, little-endian; row k is k
 * periods after *start*. Text: a heading, then rows of `seconds,mV,...` with 16 voltages.
 */
#include "desk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char MAGIC[8] = "INSFEED1";

static uint32_t u32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool read_binary_row(struct feed *feed, struct feed_row *row)
{
    uint8_t bytes[2 * N_CHANNELS];
    if (fread(bytes, sizeof bytes, 1, feed->file) != 1)
        return false;
    for (int c = 0; c < N_CHANNELS; c++)
        row->volt[c] = 100.0 * (bytes[2 * c] | bytes[2 * c + 1] << 8);
    row->time_us = (double)feed->rows * feed->step_us;
    return true;
}

static bool read_text_row(struct feed *feed, struct feed_row *row)
{
    char text[1024];
    if (!fgets(text, sizeof text, feed->file))
        return false;
    char *at = text, *end;
    for (int c = -1; c < N_CHANNELS; c++, at = end) {
        if (c >= 0 && *at++ != ',')
            die(EXIT_FAILED, "%s, row %llu: seconds and %d voltages in mV are expected, separated by commas",
                feed->path, (unsigned long long)feed->rows + 1, N_CHANNELS);
        double value = strtod(at, &end);
        if (end == at)
            die(EXIT_FAILED, "%s, row %llu: a number is missing", feed->path, (unsigned long long)feed->rows + 1);
        if (c < 0)
            row->time_us = 1e6 * value;
        else
            row->volt[c] = 1e3 * value;
    }
    if (feed->rows && row->time_us <= feed->now.time_us)
        die(EXIT_FAILED, "%s, row %llu: time does not go on", feed->path, (unsigned long long)feed->rows + 1);
    return true;
}

static bool read_row(struct feed *feed, struct feed_row *row)
{
    if (feed->ended || !(feed->text ? read_text_row(feed, row) : read_binary_row(feed, row))) {
        feed->ended = true;
        return false;
    }
    feed->rows++;
    return true;
}

void feed_open(struct feed *feed, const char *path)
{
    feed->path = path;
    feed->file = fopen(path, "rb");
    if (!feed->file)
        die(stop_asked ? EXIT_OK : EXIT_FAILED, "%s: %s", path, strerror(errno));
    uint8_t head[16];
    if (fread(head, 1, sizeof MAGIC, feed->file) != sizeof MAGIC)
        die(EXIT_FAILED, "%s: no voltages in it", path);
    if (memcmp(head, MAGIC, sizeof MAGIC)) {
        feed->text = true;
        int c;
        while ((c = getc(feed->file)) != '\n')
            if (c == EOF)
                die(EXIT_FAILED, "%s is neither a feed (INSFEED1) nor a table with a heading", path);
    } else {
        if (fread(head + 8, 8, 1, feed->file) != 1 || u32(head + 8) != N_CHANNELS || !u32(head + 12))
            die(EXIT_FAILED, "%s: a feed has %d channels and a rate above 0", path, N_CHANNELS);
        feed->step_us = 1e6 / u32(head + 12);
    }
    if (!read_row(feed, &feed->now))
        die(EXIT_FAILED, "%s: no voltages in it", path);
    if (!read_row(feed, &feed->next))
        feed->next = feed->now;
}

double feed_uv(struct feed *feed, int channel, double time_us)
{
    while (time_us >= feed->next.time_us && !feed->ended) {
        feed->now = feed->next;
        if (!read_row(feed, &feed->next))
            feed->next = feed->now;
    }
    double a = feed->now.volt[channel], b = feed->next.volt[channel];
    double span = feed->next.time_us - feed->now.time_us;
    if (span <= 0.0 || time_us <= feed->now.time_us)
        return a;
    return a + (b - a) * (time_us - feed->now.time_us) / span;
}
