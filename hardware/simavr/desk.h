/* The desk of software: a simulated board, and what lies around it.
 *
 * Time: `cycle` is simavr's count of CPU cycles since power-on, the board's own clock. True time in microseconds counts
 * from the board's first *start*; the two differ by the error of the board's crystal (--clock-ppm).
 */
#ifndef DESK_H
#define DESK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <simavr/avr_adc.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>

#include "boards.h"

#define N_CHANNELS 16
#define CPU_HZ 16000000.0
#define VCC_UV 5000000.0      /* supply and ADC reference */
#define NEVER UINT64_MAX

enum exit_code { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct options {
    const char *elf, *board, *eeprom, *port, *feed, *truth, *faults, *pulses, *report;
    bool paced;                /* follow the wall clock */
    double seconds;            /* after *start*; 0: until stopped */
    double epoch_s;            /* paced: pulses count from this reading of CLOCK_MONOTONIC; 0: from *start* */
    double wait_s;             /* wall seconds to wait for the host; 0: for ever */
    double baud;               /* speed of the host's side; 0: always the board's */
    bool baud_of_host;         /* the speed that the host sets on its port */
    double clock_ppm;
    double rc_us;
    uint64_t seed;
};

/* ---- elf.c */
struct firmware {
    uint8_t *flash;
    uint32_t flash_bytes;      /* used */
    uint32_t ram_bytes;        /* .data and .bss */
    uint16_t streaming;        /* address of the symbol `streaming` in the data space */
};

/* ---- feed.c: what the sensors give. Rows of 16 voltages, linear in between. */
struct feed_row {
    double time_us;
    double volt[N_CHANNELS];   /* uV */
};

struct feed {
    FILE *file;
    const char *path;
    bool text, ended;
    double step_us;
    uint64_t rows;
    struct feed_row now, next;
};

/* ---- truth.c: a record of 16 bytes a conversion or event. */
enum record_type {
    RECORD_CONVERSION = 1,     /* t: sample held. channel, code; a: fed 0.1 mV; b: cycles since the 4067 switched */
    RECORD_START = 2,          /* `streaming` rose */
    RECORD_STOP = 3,           /* `streaming` fell */
    RECORD_RESET = 4,          /* code: MCUSR */
    RECORD_UNPLUG = 5,
    RECORD_PLUG = 6,           /* detail: bytes lost meanwhile */
    RECORD_GARBAGE = 7,        /* detail: bytes */
    RECORD_FLIP = 8,           /* channel: bit; detail: number of the byte since power-on */
    RECORD_STALL = 9,
    RECORD_STALL_END = 10,     /* detail: bytes lost */
    RECORD_BAUD = 11,          /* detail: baud of the host's side */
    RECORD_LATENCY = 12,       /* detail: us */
    RECORD_PULSE = 13,         /* channel: 0 belt, 1 sync; code: level */
    RECORD_SYNC_OUT = 14,      /* code: level */
    RECORD_ADC_DROPPED = 15,   /* an interrupt that the fault drop_adc took */
    RECORD_ADC_OVERRUN = 16,   /* a conversion ended before the interrupt of the last one was served */
    RECORD_MUX_RACE = 17,      /* ADMUX written within an ADC clock of a start */
    RECORD_RX_OVERRUN = 18,    /* channel: the byte that found no room in the board's UART */
    RECORD_TX_IGNORED = 19,    /* channel: the byte written while UDRE was 0 */
    RECORD_NOT_MODELLED = 20,  /* code: enum not_modelled */
    RECORD_HANG = 21,
    RECORD_END = 22,           /* detail: bytes that the board sent since power-on */
};

enum not_modelled { SLEEP_MODE = 1, TRIGGER_SOURCE = 2, MUX_SETTING = 3 };

/* With RECORD_CONVERSION */
#define FLAG_FIRST 0x40        /* first conversion after ADEN: 25 clocks */
#define FLAG_LOST 0x80         /* the result registers were locked: nobody can read it */

struct truth {
    FILE *file;
    uint64_t counts[32];       /* of each type */
};

/* ---- adc.c */
struct adc {
    avr_adc_t *p;
    uint64_t enabled_at;       /* the prescaler counts from here */
    uint64_t start, sample, end;
    uint32_t div;
    bool running, first, sampled, locked, triggered_high[2];
    avr_adc_mux_t mux;
    uint8_t muxi, ref, channel, flags;
    uint16_t code, fed, since_select;
    double sample_us;
    uint32_t drop;             /* interrupts that the fault drop_adc still takes */
    uint32_t not_modelled;     /* bits told already */
};

/* ---- mux4067.c */
struct mux4067 {
    uint8_t selected;
    uint64_t since;            /* cycle of the last change */
    double off_uv;             /* of the node from its input at that moment */
};

/* ---- line.c: two UARTs whose bit times differ. */
struct line {
    struct line_frame {
        double start, bit;
        uint8_t byte;
    } frames[32];
    int n;
    double from;               /* the receiver looks for a start bit from here */
};

/* ---- uart.c */
struct uart {
    avr_uart_t *p;
    bool shifting, buffered;
    uint8_t shift, buffer;
    uint64_t shift_start, shift_bits;
    uint8_t fifo[3], errors[3];
    int n_fifo;
    bool arriving;
    uint8_t *inbox;            /* bytes from the host that still have to come down the line */
    size_t inbox_head, inbox_end, inbox_size;
    struct line to_host, to_board;
    double host_baud;          /* 0: the board's */
    uint64_t sent, received, last_activity;
};

/* ---- irq.c */
struct irq {
    struct frame {
        uint8_t vector;
        uint64_t entered;
    } stack[16];
    int depth;
    bool slept;
    uint64_t asleep;           /* cycles */
    struct irq_count {
        uint64_t calls, cycles;
        uint32_t longest;
    } count[64];
};

/* ---- port.c: the pseudo-terminal, and a queue that loses nothing by itself. */
struct port_byte {
    double due_us;
    uint8_t byte;
};

struct port {
    int master;
    char slave[64];
    struct port_byte *queue;   /* a ring */
    size_t head, count, size;
    uint8_t *ready;            /* due, not yet taken by the kernel */
    size_t ready_head, ready_end, ready_size;
    bool plugged;
    uint64_t lost, unheard;
    bool stalled;
    size_t bridge_bytes;       /* while stalled: room of the USB bridge and the driver */
    double last_due_us;
};

/* ---- faults.c */
enum fault_kind {
    FAULT_RESET, FAULT_BROWNOUT, FAULT_UNPLUG, FAULT_GARBAGE, FAULT_FLIP, FAULT_STALL, FAULT_BAUD, FAULT_LATENCY,
    FAULT_DROP_ADC, FAULT_HANG, FAULT_BELT, FAULT_SYNC, /* the last two: --pulses */
    FAULT_PLUG_AGAIN, FAULT_STALL_END, FAULT_FLIP_END, FAULT_BAUD_END, FAULT_LATENCY_END /* made by those above */
};

struct fault {
    double at_us;              /* after *start* */
    uint64_t cycle;            /* once that is known */
    enum fault_kind kind;
    double a, b;
};

struct faults {
    struct fault *read;        /* from the files, waiting for *start* */
    size_t n_read, read_size;
    struct fault *list;        /* with their cycles, in order */
    size_t n, next, size;
    uint64_t cycle;            /* of the next one, or NEVER */
    double flip_p, latency_us;
    uint64_t lost_before, random;
};

/* ---- board.c */
struct desk {
    const struct options *options;
    const struct board *board;
    struct firmware firmware;
    avr_t *avr;
    double cycles_per_us;
    double begun_us;           /* wall clock at power-on */
    bool started, streaming, reset_seen;
    uint64_t start;            /* cycle of the first *start* */
    uint64_t horizon;          /* run no farther */
    uint64_t held_until;       /* in reset; 0: not */
    uint8_t held_cause;
    struct { avr_io_write_t c; void *param; } eecr;
    struct feed feed;
    struct truth truth;
    struct adc adc;
    struct mux4067 mux;
    struct uart uart;
    struct irq irq;
    struct port port;
    struct faults faults;
    uint32_t *busy;            /* cycles not asleep, of each simulated second since *start* */
    size_t n_busy, busy_size;
    uint64_t busy_mark, asleep_mark;
};

extern volatile sig_atomic_t stop_asked;

/* main.c */
_Noreturn void die(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
void *grow(void *memory, size_t *size, size_t needed, size_t item);

/* elf.c */
void elf_load(struct firmware *firmware, const char *path, const struct board *board, uint32_t flash_size);

/* board.c */
void board_power_on(struct desk *desk);
void board_run_until(struct desk *desk, uint64_t cycle);
void board_reset(struct desk *desk, uint8_t cause, double hold_s);
void board_hang(struct desk *desk);
void board_drive(struct desk *desk, const struct pin *pin, uint8_t level);
void board_keep_eeprom(struct desk *desk);
uint32_t board_free_ram(const struct desk *desk);

static inline double true_us(const struct desk *desk, uint64_t cycle)
{
    return desk->started ? (double)(int64_t)(cycle - desk->start) / desk->cycles_per_us : 0.0;
}

/* adc.c */
void adc_attach(struct desk *desk);
void adc_after_reset(struct desk *desk);
void adc_sample_if_due(struct desk *desk);

/* mux4067.c */
void mux4067_attach(struct desk *desk);
void mux4067_after_reset(struct desk *desk);
double mux4067_node_uv(struct desk *desk, double time_us, uint64_t cycle);

/* line.c */
void line_send(struct line *line, double start, double bit, uint8_t byte);
bool line_receive(struct line *line, double now, double bit, uint8_t *byte, bool *framing_error);

/* uart.c */
void uart_attach(struct desk *desk);
void uart_after_reset(struct desk *desk);
void uart_cut(struct desk *desk);
void uart_from_host(struct desk *desk, const uint8_t *bytes, size_t n);
void uart_listen(struct desk *desk);
void uart_raise_again(struct desk *desk, uint8_t vector);
bool uart_idle(const struct desk *desk);

/* irq.c */
void irq_attach(struct desk *desk);

/* eeprom.c */
void eeprom_attach(struct desk *desk);

/* feed.c */
void feed_open(struct feed *feed, const char *path);
double feed_uv(struct feed *feed, int channel, double time_us);

/* truth.c */
void truth_open(struct desk *desk, const char *path);
void truth_conversion(struct desk *desk, uint8_t flags, double time_us, uint8_t channel, uint16_t code, uint16_t fed,
                      uint16_t since_select);
void truth_event(struct desk *desk, enum record_type type, uint8_t channel, uint16_t code, uint32_t detail);
void truth_close(struct desk *desk);

/* port.c */
void port_open(struct desk *desk);
void port_close(struct desk *desk);
void port_send(struct desk *desk, uint8_t byte);
void port_service(struct desk *desk, bool listen);
void port_wait(struct desk *desk, int milliseconds);
bool port_has_host(const struct desk *desk);
size_t port_waiting(const struct desk *desk);
bool port_drain(struct desk *desk, double wall_s);

/* faults.c */
void faults_read(struct desk *desk);
void faults_begin(struct desk *desk);
void faults_apply(struct desk *desk);
uint8_t faults_bend(struct desk *desk, uint8_t byte);

/* report.c */
void report_second(struct desk *desk);
void report_write(struct desk *desk, const char *path);

#endif
