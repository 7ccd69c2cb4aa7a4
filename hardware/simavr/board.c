/* The chip: power-on, running, sleeping, reset; and the pins that the outside drives or watches. */
#include "desk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <simavr/avr_eeprom.h>
#include <simavr/avr_extint.h>
#include <simavr/avr_ioport.h>
#include <simavr/sim_core.h>

enum { SMCR = 0x53, MCUSR = 0x54, SLEEP_ENABLED = 1, SLEEP_MODES = 0x0e }; /* the same on both chips */
enum { PORF = 1 };

#define BATCH_CYCLES 512      /* at most, between two looks at the world; timers and interrupts end a batch earlier */
#define RAM_PAINT 0xa5        /* what RAM holds at power-on: anything but zero */

/* What the outside holds each pin at. */
static uint8_t driven[26], levels[26];

static void drive(avr_t *avr, char port, int bit)
{
    uint8_t mask = driven[port - 'A'], value = levels[port - 'A'];
    avr_ioport_external_t external = {.name = (unsigned char)port, .mask = mask, .value = value};
    avr_ioctl(avr, AVR_IOCTL_IOPORT_SET_EXTERNAL(port), &external);
    avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(port), bit), value >> bit & 1);
}

/* A pull-up in the firmware must not win against the wire: simavr asks the "external pull" when it updates a port. */
void board_drive(struct desk *desk, const struct pin *pin, uint8_t level)
{
    uint8_t bit = (uint8_t)(1 << pin->bit);
    driven[pin->port - 'A'] |= bit;
    levels[pin->port - 'A'] = (uint8_t)(level ? levels[pin->port - 'A'] | bit : levels[pin->port - 'A'] & ~bit);
    drive(desk->avr, pin->port, pin->bit);
}

/* simavr zeroes the PIN registers and then filters out a level that it knew before. */
static void forget_pins(avr_t *avr)
{
    for (char port = 'A'; port <= 'L'; port++)
        for (int bit = 0; bit < 8; bit++) {
            avr_irq_t *irq = avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(port), bit);
            if (!irq)
                break;
            irq->flags |= IRQ_FLAG_INIT;
            irq->value = 0;
            if (driven[port - 'A'] >> bit & 1)
                drive(avr, port, bit);
        }
}

static void after_reset(struct desk *desk)
{
    avr_t *avr = desk->avr;
    desk->reset_seen = false;
    desk->irq.depth = 0;
    desk->irq.slept = false;
    /* An INT pin held low, its sense bits still 0, would be polled every cycle: eight times slower. */
    for (uint8_t i = 0; i < EXTINT_COUNT; i++)
        avr_extint_set_strict_lvl_trig(avr, i, 0);
    forget_pins(avr);
    mux4067_after_reset(desk);
    adc_after_reset(desk);
    uart_after_reset(desk);
    truth_event(desk, RECORD_RESET, 0, avr->data[MCUSR], 0);
}

static void on_reset(avr_io_t *io)
{
    ((struct desk *)io->avr->custom.data)->reset_seen = true;
}

static void watch_streaming(struct desk *desk)
{
    bool streaming = desk->avr->data[desk->firmware.streaming] != 0;
    if (streaming == desk->streaming)
        return;
    desk->streaming = streaming;
    desk->uart.last_activity = desk->avr->cycle;
    if (streaming && !desk->started) {
        desk->started = true;
        desk->start = desk->avr->cycle;
        desk->busy_mark = desk->start;
        desk->asleep_mark = desk->irq.asleep;
        desk->mux.since = desk->start;
        truth_event(desk, RECORD_START, 0, 0, 0);
        faults_begin(desk);
        return;
    }
    truth_event(desk, streaming ? RECORD_START : RECORD_STOP, 0, 0, 0);
}

static void run_held(struct desk *desk)
{
    avr_t *avr = desk->avr;
    uint64_t end = desk->held_until < desk->horizon ? desk->held_until : desk->horizon;
    if (end > desk->faults.cycle)
        end = desk->faults.cycle;
    if (end > avr->cycle) {
        desk->irq.asleep += end - avr->cycle;
        avr->cycle = end;
    }
    if (avr->cycle < desk->held_until)
        return;
    desk->held_until = 0;
    avr_reset(avr);
    avr->data[MCUSR] = desk->held_cause; /* simavr clears it */
    after_reset(desk);
}

/* Sleep to the next timer: time passes, nobody waits for it here. */
static void sleep_for(struct desk *desk, avr_cycle_count_t gap)
{
    avr_t *avr = desk->avr;
    if (!(avr->data[SMCR] & SLEEP_ENABLED)) {
        avr->state = cpu_Running;
        return;
    }
    if ((avr->data[SMCR] & SLEEP_MODES) && !(desk->adc.not_modelled & 1u << SLEEP_MODE)) {
        desk->adc.not_modelled |= 1u << SLEEP_MODE;
        truth_event(desk, RECORD_NOT_MODELLED, 0, SLEEP_MODE, 0);
        fprintf(stderr, "desk: warning: the firmware sleeps deeper than idle, which the desk does not model\n");
    }
    uint64_t end = avr->cycle + gap;
    if (end > desk->horizon && desk->horizon > avr->cycle)
        end = desk->horizon;
    if (end > desk->faults.cycle && desk->faults.cycle > avr->cycle)
        end = desk->faults.cycle;
    desk->irq.asleep += end - avr->cycle;
    desk->irq.slept = true;
    avr->cycle = end;
}

/* In place of simavr's own loop, which sleeps in wall time and runs one instruction at a time. */
static void run(avr_t *avr)
{
    struct desk *desk = avr->custom.data;
    if (desk->held_until) {
        run_held(desk);
        return;
    }
    avr_flashaddr_t pc = avr->pc;
    if (avr->state == cpu_Running)
        pc = avr_run_one(avr);
    uint64_t left = desk->faults.cycle > avr->cycle ? desk->faults.cycle - avr->cycle : 1;
    avr->run_cycle_limit = left < BATCH_CYCLES ? left : BATCH_CYCLES;
    avr_cycle_count_t gap = avr_cycle_timer_process(avr);
    avr->pc = pc;
    if (avr->state == cpu_Sleeping)
        sleep_for(desk, gap);
    if (avr->interrupt_state) {
        if (avr->interrupt_state == -2)
            avr->interrupt_state = -1; /* one instruction runs behind SEI or RETI, simavr would run two */
        avr_service_interrupts(avr);
    }
    if ((avr->data[desk->firmware.streaming] != 0) != desk->streaming)
        watch_streaming(desk);
}

void board_run_until(struct desk *desk, uint64_t cycle)
{
    avr_t *avr = desk->avr;
    desk->horizon = cycle;
    while (avr->cycle < cycle && !stop_asked) {
        if (avr->cycle >= desk->faults.cycle)
            faults_apply(desk);
        avr_run(avr);
        if (desk->reset_seen) /* the watchdog's; simavr has set WDRF */
            after_reset(desk);
        if (avr->state == cpu_Crashed || avr->state == cpu_Stopped || avr->state == cpu_Done)
            die(EXIT_FAILED, "the firmware crashed: it left its code or wrote outside the RAM, at 0x%05x", avr->pc);
        if (desk->started)
            report_second(desk);
    }
}

void board_reset(struct desk *desk, uint8_t cause, double hold_s)
{
    uart_cut(desk);
    desk->held_cause = cause;
    desk->held_until = desk->avr->cycle + 1 + (uint64_t)(1e6 * hold_s * desk->cycles_per_us);
}

/* An endless loop with interrupts off, in the last word of the flash: only a watchdog gets out of it. */
void board_hang(struct desk *desk)
{
    avr_t *avr = desk->avr;
    uint32_t at = avr->flashend - 3;
    avr->flash[at] = 0xff;
    avr->flash[at + 1] = 0xcf; /* rjmp .-2 */
    avr->pc = at;
    avr->sreg[S_I] = 0;
    avr->interrupt_state = 0;
    avr->state = cpu_Running;
}

static void on_sync_out(avr_irq_t *irq, uint32_t value, void *param)
{
    struct desk *desk = param;
    if (irq->value != value)
        truth_event(desk, RECORD_SYNC_OUT, 0, value & 1, 0);
}

static void load_eeprom(struct desk *desk)
{
    const char *path = desk->options->eeprom;
    FILE *file = fopen(path, "rb");
    if (!file && errno == ENOENT)
        return; /* a new chip: erased */
    if (!file)
        die(EXIT_FAILED, "%s: %s", path, strerror(errno));
    uint8_t bytes[8192];
    size_t n = fread(bytes, 1, sizeof bytes, file);
    if (n > (size_t)desk->avr->e2end + 1 || !feof(file))
        die(EXIT_FAILED, "%s is larger than the %d bytes of the EEPROM", path, desk->avr->e2end + 1);
    fclose(file);
    avr_eeprom_desc_t desc = {.ee = bytes, .offset = 0, .size = (uint32_t)n};
    if (n)
        avr_ioctl(desk->avr, AVR_IOCTL_EEPROM_SET, &desc);
}

/* The file is the chip's memory: it has what the firmware wrote when the desk is cleared. */
void board_keep_eeprom(struct desk *desk)
{
    const char *path = desk->options->eeprom;
    uint8_t now[8192], before[8192];
    uint32_t size = (uint32_t)desk->avr->e2end + 1;
    avr_eeprom_desc_t desc = {.ee = now, .offset = 0, .size = size};
    avr_ioctl(desk->avr, AVR_IOCTL_EEPROM_GET, &desc);
    memset(before, 0xff, sizeof before);
    FILE *file = fopen(path, "rb");
    if (file) {
        (void)!fread(before, 1, size, file);
        fclose(file);
    }
    if (file && !memcmp(now, before, size))
        return;
    file = fopen(path, "wb");
    if (!file || fwrite(now, size, 1, file) != 1 || fclose(file))
        die(EXIT_FAILED, "%s: %s", path, strerror(errno));
}

/* Bytes of RAM between the variables and the deepest stack so far (the firmware has no heap). */
uint32_t board_free_ram(const struct desk *desk)
{
    uint32_t at = (uint32_t)desk->avr->ioend + 1 + desk->firmware.ram_bytes, from = at;
    while (at <= desk->avr->ramend && desk->avr->data[at] == RAM_PAINT)
        at++;
    return at - from;
}

static void to_stderr(avr_t *avr, const int level, const char *format, va_list args)
{
    (void)avr;
    if (level > LOG_ERROR)
        return;
    fputs("desk: simavr: ", stderr);
    vfprintf(stderr, format, args);
}

void board_power_on(struct desk *desk)
{
    static avr_io_t watcher = {.kind = "desk", .reset = on_reset};
    avr_global_logger_set(to_stderr);
    avr_t *avr = avr_make_mcu_by_name(desk->board->mcu);
    if (!avr)
        die(EXIT_FAILED, "this libsimavr does not know the %s", desk->board->mcu);
    desk->avr = avr;
    avr_init(avr);
    avr->custom.data = desk;
    avr->frequency = (uint32_t)CPU_HZ;
    avr->vcc = avr->avcc = avr->aref = (uint32_t)(VCC_UV / 1000.0);
    elf_load(&desk->firmware, desk->options->elf, desk->board, avr->flashend + 1);
    avr_loadcode(avr, desk->firmware.flash, desk->firmware.flash_bytes, 0);
    avr->codeend = avr->flashend;
    memset(avr->data + avr->ioend + 1, RAM_PAINT, (size_t)(avr->ramend - avr->ioend));
    avr->data[desk->firmware.streaming] = 0;
    load_eeprom(desk);
    avr_register_io(avr, &watcher);
    avr->run = run;
    irq_attach(desk);
    adc_attach(desk);
    uart_attach(desk);
    mux4067_attach(desk);
    eeprom_attach(desk);
    const struct pin *out = &desk->board->sync_out;
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(out->port), out->bit), on_sync_out, desk);
    desk->held_cause = PORF;
    desk->held_until = avr->cycle + 1;
}
