/* What goes wrong, and when: --faults. And the wires that pulse: --pulses. Times count from the first *start*, those of
 * pulses from --epoch-s if it is given. */
#include "desk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BRIDGE_BYTES 6144.0    /* what a USB bridge and its driver hold while nobody reads */
#define DRAIN_S 2.0            /* before an unplug: wall time for the host to read what was sent before it */

static const struct kind {
    const char *word;
    enum fault_kind kind;
    int least, most;           /* numbers behind the word */
    double b;                  /* default of the second */
} KINDS[] = {
    {"reset", FAULT_RESET, 0, 1, 0},           /* [S in reset or boot loader] */
    {"brownout", FAULT_BROWNOUT, 0, 1, 0},     /* [S below the threshold] */
    {"unplug", FAULT_UNPLUG, 1, 1, 0},         /* S */
    {"garbage", FAULT_GARBAGE, 1, 1, 0},       /* bytes */
    {"flip", FAULT_FLIP, 2, 2, 0},             /* probability a byte, S */
    {"stall", FAULT_STALL, 1, 2, BRIDGE_BYTES},/* S [bytes of room] */
    {"baud", FAULT_BAUD, 1, 2, 0},             /* baud of the host's side [S] */
    {"latency", FAULT_LATENCY, 1, 2, 0},       /* ms [S] */
    {"drop_adc", FAULT_DROP_ADC, 0, 1, 0},     /* [interrupts] */
    {"hang", FAULT_HANG, 0, 0, 0},
    {"belt", FAULT_BELT, 1, 1, 0},             /* level */
    {"sync", FAULT_SYNC, 1, 1, 0},             /* level */
};

static uint64_t random_u64(struct faults *faults)
{
    uint64_t z = faults->random += 0x9e3779b97f4a7c15u; /* splitmix64 */
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void set_next(struct faults *faults)
{
    faults->cycle = faults->next < faults->n ? faults->list[faults->next].cycle : NEVER;
}

/* In order of time; those of one cycle in the order they came in. */
static void schedule(struct desk *desk, uint64_t cycle, enum fault_kind kind, double a, double b)
{
    struct faults *faults = &desk->faults;
    faults->list = grow(faults->list, &faults->size, faults->n + 1, sizeof *faults->list);
    size_t at = faults->n++;
    for (; at > faults->next && faults->list[at - 1].cycle > cycle; at--)
        faults->list[at] = faults->list[at - 1];
    faults->list[at] = (struct fault){.cycle = cycle, .kind = kind, .a = a, .b = b};
    set_next(faults);
}

static void schedule_after(struct desk *desk, double seconds, enum fault_kind kind, double a)
{
    schedule(desk, desk->avr->cycle + (uint64_t)(1e6 * seconds * desk->cycles_per_us + 0.5), kind, a, 0);
}

static void read_line(struct desk *desk, const char *path, int number, char *text, bool pulses)
{
    char *rest, *word = strtok_r(text, " \t\r\n", &rest);
    if (!word || *word == '#')
        return;
    char *end;
    double at_s = strtod(word, &end), value[2] = {0};
    word = strtok_r(NULL, " \t\r\n", &rest);
    for (size_t i = 0; word && !*end && i < sizeof KINDS / sizeof *KINDS; i++) {
        const struct kind *kind = &KINDS[i];
        if (strcmp(word, kind->word) || (kind->kind >= FAULT_BELT) != pulses)
            continue;
        int n = 0;
        value[0] = kind->kind == FAULT_DROP_ADC ? 1 : 0;
        value[1] = kind->b;
        while ((word = strtok_r(NULL, " \t\r\n", &rest))) {
            if (n == kind->most)
                break;
            value[n++] = strtod(word, &end);
            if (*end || end == word)
                break;
        }
        if (word || n < kind->least || at_s < 0.0 || value[0] < 0.0 || value[1] < 0.0)
            break;
        struct faults *faults = &desk->faults;
        faults->read = grow(faults->read, &faults->read_size, faults->n_read + 1, sizeof *faults->read);
        faults->read[faults->n_read++] =
            (struct fault){.at_us = 1e6 * at_s, .kind = kind->kind, .a = value[0], .b = value[1]};
        return;
    }
    die(EXIT_USAGE, "%s, line %d: `seconds %s` is expected", path, number,
        pulses ? "belt|sync level" : "reset|brownout|unplug|garbage|flip|stall|baud|latency|drop_adc|hang numbers");
}

static void read_file(struct desk *desk, const char *path, bool pulses)
{
    if (!path)
        return;
    FILE *file = fopen(path, "r");
    if (!file)
        die(EXIT_FAILED, "%s: %s", path, strerror(errno));
    char text[256];
    for (int number = 1; fgets(text, sizeof text, file); number++)
        read_line(desk, path, number, text, pulses);
    fclose(file);
}

/* Pulses that count from a moment of the wall clock, and so reach two boards at the same time. */
static void schedule_from_epoch(struct desk *desk)
{
    struct faults *faults = &desk->faults;
    double epoch_us = 1e6 * desk->options->epoch_s - desk->begun_us;
    for (size_t i = 0; i < faults->n_read; i++) {
        double cycle = (epoch_us + faults->read[i].at_us) * desk->cycles_per_us;
        if (cycle > 0.0)
            schedule(desk, (uint64_t)cycle, faults->read[i].kind, faults->read[i].a, 0);
    }
    faults->n_read = 0;
}

void faults_read(struct desk *desk)
{
    desk->faults.random = desk->options->seed;
    desk->faults.cycle = NEVER;
    read_file(desk, desk->options->pulses, true);
    if (desk->options->pulses) { /* wires are connected: low until the first pulse */
        board_drive(desk, &desk->board->belt, 0);
        board_drive(desk, &desk->board->sync_in, 0);
    }
    if (desk->options->epoch_s > 0.0)
        schedule_from_epoch(desk);
    read_file(desk, desk->options->faults, false);
}

void faults_begin(struct desk *desk)
{
    struct faults *faults = &desk->faults;
    for (size_t i = 0; i < faults->n_read; i++) {
        uint64_t after = (uint64_t)(faults->read[i].at_us * desk->cycles_per_us + 0.5);
        schedule(desk, desk->start + after, faults->read[i].kind, faults->read[i].a, faults->read[i].b);
    }
    faults->n_read = 0;
}

static void unplug(struct desk *desk)
{
    port_drain(desk, DRAIN_S);
    truth_event(desk, RECORD_UNPLUG, 0, 0, 0);
    port_close(desk);
    desk->faults.lost_before = desk->port.lost;
}

static void apply(struct desk *desk, const struct fault *fault)
{
    struct faults *faults = &desk->faults;
    struct port *port = &desk->port;
    switch (fault->kind) {
    case FAULT_RESET:
        board_reset(desk, 2 /* EXTRF */, fault->a);
        break;
    case FAULT_BROWNOUT:
        board_reset(desk, 4 /* BORF */, fault->a);
        break;
    case FAULT_UNPLUG:
        unplug(desk);
        schedule_after(desk, fault->a, FAULT_PLUG_AGAIN, 0);
        break;
    case FAULT_PLUG_AGAIN:
        truth_event(desk, RECORD_PLUG, 0, 0, (uint32_t)(port->lost - faults->lost_before));
        port_open(desk);
        break;
    case FAULT_GARBAGE:
        truth_event(desk, RECORD_GARBAGE, 0, 0, (uint32_t)fault->a);
        for (uint32_t i = 0; i < (uint32_t)fault->a; i++)
            port_send(desk, (uint8_t)random_u64(faults));
        break;
    case FAULT_FLIP:
        faults->flip_p = fault->a;
        schedule_after(desk, fault->b, FAULT_FLIP_END, 0);
        break;
    case FAULT_FLIP_END:
        faults->flip_p = 0.0;
        break;
    case FAULT_STALL:
        truth_event(desk, RECORD_STALL, 0, 0, 0);
        port_service(desk, false); /* what came before is the host's */
        port->stalled = true;
        port->bridge_bytes = (size_t)fault->b;
        faults->lost_before = port->lost;
        schedule_after(desk, fault->a, FAULT_STALL_END, 0);
        break;
    case FAULT_STALL_END:
        port->stalled = false;
        truth_event(desk, RECORD_STALL_END, 0, 0, (uint32_t)(port->lost - faults->lost_before));
        break;
    case FAULT_BAUD:
    case FAULT_BAUD_END:
        desk->uart.host_baud = fault->a;
        truth_event(desk, RECORD_BAUD, 0, 0, (uint32_t)fault->a);
        if (fault->kind == FAULT_BAUD && fault->b > 0.0)
            schedule_after(desk, fault->b, FAULT_BAUD_END, desk->options->baud);
        break;
    case FAULT_LATENCY:
    case FAULT_LATENCY_END:
        faults->latency_us = 1000.0 * fault->a;
        truth_event(desk, RECORD_LATENCY, 0, 0, (uint32_t)faults->latency_us);
        if (fault->kind == FAULT_LATENCY && fault->b > 0.0)
            schedule_after(desk, fault->b, FAULT_LATENCY_END, 0);
        break;
    case FAULT_DROP_ADC:
        desk->adc.drop += (uint32_t)fault->a;
        break;
    case FAULT_HANG:
        truth_event(desk, RECORD_HANG, 0, 0, 0);
        board_hang(desk);
        break;
    case FAULT_BELT:
    case FAULT_SYNC:
        truth_event(desk, RECORD_PULSE, fault->kind == FAULT_SYNC, fault->a > 0.0, 0);
        board_drive(desk, fault->kind == FAULT_SYNC ? &desk->board->sync_in : &desk->board->belt, fault->a > 0.0);
        break;
    }
}

void faults_apply(struct desk *desk)
{
    struct faults *faults = &desk->faults;
    while (faults->cycle <= desk->avr->cycle) {
        struct fault fault = faults->list[faults->next++]; /* a copy: `apply` may lengthen the list */
        set_next(faults);
        apply(desk, &fault);
    }
}

/* The byte as it comes out of the line. */
uint8_t faults_bend(struct desk *desk, uint8_t byte)
{
    struct faults *faults = &desk->faults;
    if (faults->flip_p <= 0.0 || (double)(random_u64(faults) >> 11) * 0x1p-53 >= faults->flip_p)
        return byte;
    uint8_t bit = random_u64(faults) & 7;
    truth_event(desk, RECORD_FLIP, bit, 0, (uint32_t)desk->uart.sent);
    return byte ^ (uint8_t)(1 << bit);
}
