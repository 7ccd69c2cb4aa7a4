/* Interrupts: what their entry costs, how often and how long each runs; and flags that behave as the datasheet says.
 *
 * simavr 1.6 enters an interrupt in no time, clears all flags of a timer whatever is written to TIFR, sets those of
 * EIFR instead of clearing them, and forgets a flag that rose while its interrupt was disabled.
 */
#include "desk.h"

#define INTERRUPTS_ON(avr) ((avr)->sreg[S_I])

/* simavr calls this at the entry (I is 0) and at RETI (I is 1 again). */
static void on_running(avr_irq_t *line, uint32_t value, void *param)
{
    struct desk *desk = param;
    struct irq *irq = &desk->irq;
    avr_t *avr = desk->avr;
    (void)line;
    if (!INTERRUPTS_ON(avr)) {
        unsigned cost = desk->board->entry_cycles + (irq->slept ? desk->board->wake_cycles : 0);
        irq->slept = false;
        if (irq->depth < (int)ARRAY_SIZE(irq->stack))
            irq->stack[irq->depth] = (struct frame){.vector = (uint8_t)value, .entered = avr->cycle};
        irq->depth++;
        avr->cycle += cost;
        avr->run_cycle_count = avr->run_cycle_count > cost ? avr->run_cycle_count - cost : 1;
        return;
    }
    if (!irq->depth || --irq->depth >= (int)ARRAY_SIZE(irq->stack))
        return;
    struct frame *frame = &irq->stack[irq->depth];
    uint64_t cycles = avr->cycle + desk->board->entry_cycles - frame->entered; /* RETI itself not counted yet */
    struct irq_count *count = &irq->count[frame->vector & 63];
    count->calls++;
    count->cycles += cycles;
    if (cycles > count->longest)
        count->longest = (uint32_t)cycles;
    uart_raise_again(desk, frame->vector);
}

/* TIFRn, EIFR: a one clears its flag, a zero leaves it. */
static void on_flags(avr_t *avr, avr_io_addr_t addr, uint8_t value, void *param)
{
    (void)param;
    for (int i = 0; i < avr->interrupts.vector_count; i++) {
        avr_int_vector_t *vector = avr->interrupts.vector[i];
        if (vector->raised.reg != addr || !avr_regbit_from_value(avr, vector->raised, value))
            continue;
        avr_clear_interrupt(avr, vector);
        avr_regbit_clear(avr, vector->raised);
    }
}

/* TIMSKn, EIMSK: a flag that stands already interrupts as soon as it may. */
static void on_enable(avr_t *avr, avr_io_addr_t addr, uint8_t value, void *param)
{
    (void)param;
    avr->data[addr] = value;
    for (int i = 0; i < avr->interrupts.vector_count; i++) {
        avr_int_vector_t *vector = avr->interrupts.vector[i];
        if (vector->enable.reg == addr && avr_regbit_get(avr, vector->enable) &&
            avr_regbit_get(avr, vector->raised) && !vector->pending)
            avr_raise_interrupt(avr, vector);
    }
}

static void take(struct desk *desk, avr_io_addr_t addr, avr_io_write_t callback)
{
    desk->avr->io[AVR_DATA_TO_IO(addr)].w.c = callback;
    desk->avr->io[AVR_DATA_TO_IO(addr)].w.param = desk;
}

void irq_attach(struct desk *desk)
{
    enum { TIFR0 = 0x35, EIFR = 0x3c, EIMSK = 0x3d, TIMSK0 = 0x6e }; /* the same on both chips */
    int timers = desk->board->multiplexed ? 3 : 6;
    for (int i = 0; i < timers; i++) {
        take(desk, (avr_io_addr_t)(TIFR0 + i), on_flags);
        take(desk, (avr_io_addr_t)(TIMSK0 + i), on_enable);
    }
    take(desk, EIFR, on_flags);
    take(desk, EIMSK, on_enable);
    avr_irq_register_notify(avr_get_interrupt_irq(desk->avr, AVR_INT_ANY) + AVR_INT_IRQ_RUNNING, on_running, desk);
}
