/* desk: a board with its firmware, run cycle by cycle, its UART on a pseudo-terminal and its ADC fed. README.md. */
#include "desk.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SLICE_US 1000.0        /* paced: bytes come to the host in slices of this, as USB's frames do */
#define FAST_SLICE_US 8000.0
#define IDLE_US 250000.0       /* unpaced: so long does an idle board go on before it stands still */
#define MOST_WAITING 4096      /* unpaced: bytes a slow host may lag before the board stands still */

volatile sig_atomic_t stop_asked;

static struct desk the_desk;

_Noreturn void die(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (code != EXIT_OK) {
        fputs("desk: ", stderr);
        vfprintf(stderr, format, args);
        fputc('\n', stderr);
    }
    va_end(args);
    if (the_desk.port.plugged)
        port_close(&the_desk);
    exit(code);
}

/* Memory for at least `needed` items, doubled each time. */
void *grow(void *memory, size_t *size, size_t needed, size_t item)
{
    if (needed <= *size && memory)
        return memory;
    size_t larger = *size ? *size : 256;
    while (larger < needed)
        larger *= 2;
    memory = realloc(memory, larger * item);
    if (!memory)
        die(EXIT_FAILED, "out of memory");
    *size = larger;
    return memory;
}

static void on_signal(int signal)
{
    (void)signal;
    stop_asked = 1;
}

static double number(const char *option, const char *text, double least, double most)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= least && value <= most))
        die(EXIT_USAGE, "%s %s: a number from %g to %g is expected", option, text, least, most);
    return value;
}

static void read_options(struct options *o, int argc, char **argv)
{
    const struct { const char *name; const char **text; double *number; double least, most; } known[] = {
        {"--elf", &o->elf, 0, 0, 0}, {"--board", &o->board, 0, 0, 0}, {"--eeprom", &o->eeprom, 0, 0, 0},
        {"--port", &o->port, 0, 0, 0}, {"--feed", &o->feed, 0, 0, 0}, {"--truth", &o->truth, 0, 0, 0},
        {"--faults", &o->faults, 0, 0, 0}, {"--pulses", &o->pulses, 0, 0, 0}, {"--report", &o->report, 0, 0, 0},
        {"--seconds", 0, &o->seconds, 0, 1e6}, {"--wait-s", 0, &o->wait_s, 0, 1e6},
        {"--epoch-s", 0, &o->epoch_s, 0, 1e12},
        {"--clock-ppm", 0, &o->clock_ppm, -1e5, 1e5}, {"--rc-us", 0, &o->rc_us, 0, 1e6},
    };
    for (int i = 1; i < argc; i++) {
        const char *option = argv[i];
        const char *value = i + 1 < argc ? argv[++i] : NULL;
        if (!value)
            die(EXIT_USAGE, "%s: a value is missing", option);
        size_t k = 0;
        while (k < sizeof known / sizeof *known && strcmp(known[k].name, option))
            k++;
        if (k < sizeof known / sizeof *known) {
            if (known[k].text)
                *known[k].text = value;
            else
                *known[k].number = number(option, value, known[k].least, known[k].most);
        } else if (!strcmp(option, "--pace")) {
            if (strcmp(value, "0") && strcmp(value, "1"))
                die(EXIT_USAGE, "--pace %s: 1 follows the wall clock, 0 runs as fast as the host reads", value);
            o->paced = *value == '1';
        } else if (!strcmp(option, "--baud")) {
            o->baud_of_host = !strcmp(value, "host");
            o->baud = o->baud_of_host ? 0.0 : number(option, value, 300, 4e6);
        } else if (!strcmp(option, "--seed")) {
            o->seed = (uint64_t)number(option, value, 0, 9e15);
        } else {
            die(EXIT_USAGE, "%s: no such option", option);
        }
    }
    if (!o->elf || !o->board || !o->eeprom || !o->port || !o->feed)
        die(EXIT_USAGE, "--elf, --board, --eeprom, --port and --feed are needed");
    if (o->wait_s < 0.0)
        o->wait_s = o->seconds > 0.0 ? 60.0 : 0.0;
    if (o->epoch_s > 0.0 && !o->paced)
        die(EXIT_USAGE, "--epoch-s is a moment of the wall clock, which --pace 0 does not follow");
}

static const struct board *find_board(const char *name)
{
    for (size_t i = 0; i < sizeof BOARDS / sizeof *BOARDS; i++)
        if (!strcmp(BOARDS[i].name, name))
            return &BOARDS[i];
    die(EXIT_USAGE, "--board %s: mega or uno", name);
}

static double wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e6 * (double)now.tv_sec + 1e-3 * (double)now.tv_nsec;
}

static bool stands_still(const struct desk *desk)
{
    return !desk->options->paced && !desk->streaming && uart_idle(desk) && !desk->held_until &&
           (double)(desk->avr->cycle - desk->uart.last_activity) > IDLE_US * desk->cycles_per_us;
}

static void wait_for_reader(struct desk *desk, double since_us)
{
    while (!desk->options->paced && port_waiting(desk) > MOST_WAITING && !stop_asked) {
        if (desk->options->wait_s > 0.0 && !port_has_host(desk) && wall_us() - since_us > 1e6 * desk->options->wait_s)
            die(EXIT_FAILED, "nobody has read the port for %g s", desk->options->wait_s);
        port_wait(desk, 100);
        port_service(desk, desk->streaming);
        if (port_has_host(desk))
            since_us = wall_us();
    }
}

/* Until --seconds after *start*, or until the host has stopped the board and hung up or left it so for --wait-s, or a
 * signal. */
static void run(struct desk *desk)
{
    const struct options *o = desk->options;
    double begun_us = desk->begun_us, heard_us = begun_us, cycles_per_us = desk->cycles_per_us;
    while (!stop_asked) {
        uint64_t end = NEVER, cycle = desk->avr->cycle;
        if (desk->started && o->seconds > 0.0) {
            end = desk->start + (uint64_t)(1e6 * o->seconds * cycles_per_us);
            if (cycle >= end || (!desk->streaming && uart_idle(desk) && desk->port.plugged && !port_has_host(desk)))
                return;
        }
        if (desk->streaming)
            heard_us = wall_us();
        else if (o->wait_s > 0.0 && wall_us() - heard_us > 1e6 * o->wait_s) {
            if (desk->started)
                return;
            die(EXIT_FAILED, "no host has started the board within %g s", o->wait_s);
        }
        if (stands_still(desk)) {
            port_service(desk, true);
            if (uart_idle(desk))
                port_wait(desk, 100);
            else
                desk->uart.last_activity = cycle;
            continue;
        }
        uint64_t target = cycle + (uint64_t)(FAST_SLICE_US * cycles_per_us);
        if (o->paced) {
            target = (uint64_t)((wall_us() - begun_us) * cycles_per_us);
            if (target <= cycle) {
                port_wait(desk, 1);
                port_service(desk, true);
                continue;
            }
            if (target > cycle + (uint64_t)(SLICE_US * cycles_per_us))
                target = cycle + (uint64_t)(SLICE_US * cycles_per_us);
        }
        board_run_until(desk, target < end ? target : end);
        port_service(desk, o->paced || (desk->streaming && !desk->held_until));
        wait_for_reader(desk, wall_us());
    }
}

int main(int argc, char **argv)
{
    static struct options options = {.wait_s = -1.0};
    struct desk *desk = &the_desk;
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);

    read_options(&options, argc, argv);
    desk->options = &options;
    desk->board = find_board(options.board);
    desk->cycles_per_us = CPU_HZ / 1e6 * (1.0 + 1e-6 * options.clock_ppm);
    board_power_on(desk);
    feed_open(&desk->feed, options.feed); /* a FIFO: waits for its writer */
    desk->begun_us = wall_us();
    faults_read(desk);
    truth_open(desk, options.truth);
    port_open(desk);

    run(desk);

    bool drained = stop_asked || port_drain(desk, options.wait_s > 0.0 ? options.wait_s : 1e9);
    truth_event(desk, RECORD_END, 0, 0, (uint32_t)desk->uart.sent);
    truth_close(desk);
    report_write(desk, options.report);
    board_keep_eeprom(desk);
    if (!drained && !stop_asked)
        die(EXIT_FAILED, "the host did not read the last bytes within %g s", options.wait_s);
    port_close(desk);
    return EXIT_OK;
}
