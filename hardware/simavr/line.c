/* The line between two UARTs whose bit times differ: the receiver samples what the sender's waveform shows.
 *
 * 8 data bits, no parity, 1 stop bit. As UARTs do: a falling edge is found on a grid of 1/16 of the receiver's bit
 * time, each bit is the majority of three samples in its middle. Times are in CPU cycles.
 */
#include "desk.h"

#include <math.h>
#include <string.h>

#define BITS 10

static int bit_of(const struct line_frame *frame, int k)
{
    return k == 0 ? 0 : k == 9 ? 1 : frame->byte >> (k - 1) & 1;
}

static int level(const struct line *line, double time)
{
    for (int i = 0; i < line->n; i++) {
        const struct line_frame *frame = &line->frames[i];
        if (time >= frame->start && time < frame->start + BITS * frame->bit)
            return bit_of(frame, (int)((time - frame->start) / frame->bit));
    }
    return 1;
}

static double falling_edge(const struct line *line)
{
    for (int i = 0; i < line->n; i++)
        for (int k = 0; k < BITS; k++) {
            const struct line_frame *frame = &line->frames[i];
            double time = frame->start + k * frame->bit;
            if (time >= line->from && !bit_of(frame, k) && (k == 0 || bit_of(frame, k - 1)))
                return time;
        }
    return -1.0;
}

static int sample(const struct line *line, double start, double tick, int k)
{
    int high = 0;
    for (int s = 7; s <= 9; s++)
        high += level(line, start + (16 * k + s) * tick);
    return high >= 2;
}

void line_send(struct line *line, double start, double bit, uint8_t byte)
{
    int keep = 0;
    while (keep < line->n && (line->frames[keep].start + BITS * line->frames[keep].bit < line->from ||
                              line->n - keep == (int)(sizeof line->frames / sizeof *line->frames)))
        keep++;
    memmove(line->frames, line->frames + keep, (size_t)(line->n - keep) * sizeof *line->frames);
    line->n -= keep;
    line->frames[line->n++] = (struct line_frame){.start = start, .bit = bit, .byte = byte};
}

/* The next byte whose stop bit has been sampled by `now`. */
bool line_receive(struct line *line, double now, double bit, uint8_t *byte, bool *framing_error)
{
    double tick = bit / 16.0;
    for (;;) {
        double edge = falling_edge(line);
        if (edge < 0.0)
            return false;
        double start = ceil(edge / tick) * tick;
        double end = start + (16 * 9 + 9) * tick;
        if (end > now)
            return false;
        if (sample(line, start, tick, 0)) { /* a spike, no start bit */
            line->from = start + 9 * tick;
            continue;
        }
        *byte = 0;
        for (int k = 0; k < 8; k++)
            *byte |= (uint8_t)(sample(line, start, tick, k + 1) << k);
        *framing_error = !sample(line, start, tick, 9);
        line->from = end;
        return true;
    }
}
