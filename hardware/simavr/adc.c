/* The ADC, as the datasheets of ATmega328P (section 23) and ATmega2560 (section 26) describe it, in place of simavr's.
 *
 * The prescaler counts from ADEN on; a conversion begins with the next ADC clock after ADSC. Its channel and reference
 * are locked then, its voltage is held 1.5 clocks later (13.5 in the first conversion after ADEN), and it ends after 13
 * clocks (25). One that a timer triggers resets the prescaler, holds 2 clocks after the trigger and ends 13.5 after it.
 * code = floor(1024 * voltage / reference), at most 1023.
 */
#include "desk.h"

#include <math.h>
#include <simavr/avr_timer.h>

enum { ADLAR = 5, REFS = 6 };                       /* bits of ADMUX */
enum { ADIE = 3, ADIF = 4, ADATE = 5, ADSC = 6, ADEN = 7 };

/* Inputs that are no sensor, in the truth file. */
enum { CHANNEL_PIN = 100, CHANNEL_BANDGAP = 200, CHANNEL_GROUND = 201, CHANNEL_TEMPERATURE = 202 };

#define BANDGAP_UV 1100000.0
#define TEMPERATURE_UV 314000.0                     /* 25 C, table 23-2 of the 328P */

static void tell_once(struct desk *desk, enum not_modelled what)
{
    if (desk->adc.not_modelled & 1u << what)
        return;
    desk->adc.not_modelled |= 1u << what;
    truth_event(desk, RECORD_NOT_MODELLED, 0, (uint16_t)what, 0);
    fprintf(stderr, "desk: warning: the firmware uses %s, which the desk does not model\n",
            what == TRIGGER_SOURCE ? "an ADC trigger other than timer 0 A or timer 1 B" : "a differential ADC input");
}

static double reference_uv(const struct desk *desk, uint8_t ref)
{
    if (ref == 3 && desk->board->multiplexed)       /* 328P: 3 is 1.1 V; 2560: 2 is 1.1 V, 3 is 2.56 V */
        return BANDGAP_UV;
    return ref == 2 ? BANDGAP_UV : ref == 3 ? 2560000.0 : VCC_UV;
}

/* Voltage at the locked input, and the truth's name for the input. */
static double input_uv(struct desk *desk, uint64_t cycle, double *fed_uv)
{
    struct adc *adc = &desk->adc;
    double time_us = true_us(desk, cycle), uv = 0.0;
    adc->since_select = UINT16_MAX;
    switch (adc->mux.kind) {
    case ADC_MUX_SINGLE:
        if (!desk->board->multiplexed) {
            adc->channel = (uint8_t)adc->mux.src;
            uv = *fed_uv = feed_uv(&desk->feed, adc->channel, time_us);
            return uv;
        }
        if (adc->mux.src == desk->board->common) {
            uint64_t since = cycle - desk->mux.since;
            adc->channel = desk->mux.selected;
            adc->since_select = since < UINT16_MAX ? (uint16_t)since : UINT16_MAX;
            *fed_uv = feed_uv(&desk->feed, adc->channel, time_us);
            return mux4067_node_uv(desk, time_us, cycle);
        }
        adc->channel = CHANNEL_PIN + (uint8_t)adc->mux.src;
        break;
    case ADC_MUX_REF:
        adc->channel = adc->mux.src ? CHANNEL_BANDGAP : CHANNEL_GROUND;
        uv = 1000.0 * adc->mux.src;
        break;
    case ADC_MUX_TEMP:
        adc->channel = CHANNEL_TEMPERATURE;
        uv = TEMPERATURE_UV;
        break;
    default:
        tell_once(desk, MUX_SETTING);
        adc->channel = CHANNEL_PIN;
        break;
    }
    *fed_uv = uv;
    return uv;
}

/* Hold the voltage if its moment has passed: before the end of a conversion, and before an input changes. */
void adc_sample_if_due(struct desk *desk)
{
    struct adc *adc = &desk->adc;
    if (!adc->running || adc->sampled || desk->avr->cycle < adc->sample)
        return;
    double fed_uv = 0.0;
    double code = floor(1024.0 * input_uv(desk, adc->sample, &fed_uv) / reference_uv(desk, adc->ref));
    adc->code = code < 0.0 ? 0 : code > 1023.0 ? 1023 : (uint16_t)code;
    adc->fed = (uint16_t)lround(fed_uv / 100.0);
    adc->sample_us = true_us(desk, adc->sample);
    adc->sampled = true;
}

static uint32_t division(struct desk *desk)
{
    uint8_t adps = desk->avr->data[desk->adc.p->r_adcsra] & 7;
    return adps ? 1u << adps : 2;
}

static avr_cycle_count_t on_end(avr_t *avr, avr_cycle_count_t when, void *param);

/* Begin at `edge`, a rising edge of the ADC clock; `half_clocks`: to the hold and to the end, doubled. */
static void begin(struct desk *desk, uint64_t edge, uint32_t hold_half_clocks, uint32_t end_half_clocks)
{
    struct adc *adc = &desk->adc;
    avr_t *avr = desk->avr;
    adc->div = division(desk);
    adc->muxi = avr_regbit_get_array(avr, adc->p->mux, ARRAY_SIZE(adc->p->mux));
    adc->mux = adc->p->muxmode[adc->muxi];
    adc->ref = avr->data[adc->p->r_admux] >> REFS;
    adc->start = edge;
    adc->sample = edge + (uint64_t)adc->div * hold_half_clocks / 2;
    adc->end = edge + (uint64_t)adc->div * end_half_clocks / 2;
    adc->flags = adc->first ? FLAG_FIRST : 0;
    adc->first = false;
    adc->running = true;
    adc->sampled = false;
}

static void begin_after(struct desk *desk, uint64_t cycle)
{
    struct adc *adc = &desk->adc;
    uint32_t div = division(desk);
    uint64_t edge = adc->enabled_at + ((cycle - adc->enabled_at) / div + 1) * div;
    begin(desk, edge, adc->first ? 27 : 3, adc->first ? 50 : 26);
}

static avr_cycle_count_t on_end(avr_t *avr, avr_cycle_count_t when, void *param)
{
    struct desk *desk = param;
    struct adc *adc = &desk->adc;
    uint8_t *adcsra = &avr->data[adc->p->r_adcsra];

    adc_sample_if_due(desk);
    if (adc->locked) {
        adc->flags |= FLAG_LOST;
    } else {
        uint16_t value = avr->data[adc->p->r_admux] >> ADLAR & 1 ? (uint16_t)(adc->code << 6) : adc->code;
        avr->data[adc->p->r_adcl] = (uint8_t)value;
        avr->data[adc->p->r_adch] = value >> 8;
    }
    truth_conversion(desk, adc->flags, adc->sample_us, adc->channel, adc->code, adc->fed, adc->since_select);

    adc->running = false;
    bool again = (*adcsra >> ADATE & 1) && (avr->data[adc->p->r_adcsrb] & 7) == 0;
    if (!again)
        *adcsra &= (uint8_t)~(1 << ADSC);
    if (adc->drop) {
        adc->drop--;
        truth_event(desk, RECORD_ADC_DROPPED, adc->channel, adc->code, 0);
    } else {
        if (*adcsra >> ADIF & 1)
            truth_event(desk, RECORD_ADC_OVERRUN, adc->channel, adc->code, 0);
        avr_raise_interrupt(avr, &adc->p->adc);
    }
    if (!again)
        return 0;
    begin(desk, when, 3, 26);
    return adc->end;
}

static void start(struct desk *desk)
{
    begin_after(desk, desk->avr->cycle + 1);        /* the store reaches the register in its last cycle */
    avr_cycle_timer_register(desk->avr, desk->adc.end - desk->avr->cycle, on_end, desk);
}

static void on_adcsra(avr_t *avr, avr_io_addr_t addr, uint8_t value, void *param)
{
    struct desk *desk = param;
    struct adc *adc = &desk->adc;
    uint8_t old = avr->data[addr];
    uint8_t now = (uint8_t)((value & ~(1 << ADIF | 1 << ADSC)) | (old & (1 << ADIF | 1 << ADSC)));
    if (value >> ADIF & 1) {                        /* cleared by writing a one: also by every read-modify-write */
        avr_clear_interrupt(avr, &adc->p->adc);
        now &= (uint8_t)~(1 << ADIF);
    }
    if (!(value >> ADEN & 1)) {
        avr_cycle_timer_cancel(avr, on_end, desk);
        adc->running = false;
        now &= (uint8_t)~(1 << ADSC);
    } else if (!(old >> ADEN & 1)) {
        adc->enabled_at = avr->cycle;
        adc->first = true;
    }
    avr->data[addr] = now;
    if ((value >> ADEN & 1) && (value >> ADSC & 1) && !adc->running) {
        avr->data[addr] |= 1 << ADSC;
        start(desk);
    }
    if ((now >> ADIE & 1) && (now >> ADIF & 1) && !adc->p->adc.pending)
        avr_raise_interrupt(avr, &adc->p->adc);
}

/* The channel of a conversion is uncertain if it is written between ADSC and one ADC clock later. */
static void on_admux(avr_t *avr, avr_io_addr_t addr, uint8_t value, void *param)
{
    struct desk *desk = param;
    struct adc *adc = &desk->adc;
    bool waits = adc->running && avr->cycle < adc->start;
    avr->data[addr] = value;
    uint8_t muxi = avr_regbit_get_array(avr, adc->p->mux, ARRAY_SIZE(adc->p->mux));
    bool by_itself = avr->data[adc->p->r_adcsra] >> ADATE & 1;
    if (adc->running && avr->cycle < adc->start + adc->div && muxi != adc->muxi && !by_itself)
        truth_event(desk, RECORD_MUX_RACE, muxi, 0, 0);
    if (waits) {                                    /* not locked yet */
        adc->muxi = muxi;
        adc->mux = adc->p->muxmode[adc->muxi];
        adc->ref = avr->data[adc->p->r_admux] >> REFS;
    }
}

static void on_adcsrb(avr_t *avr, avr_io_addr_t addr, uint8_t value, void *param)
{
    struct desk *desk = param;
    on_admux(avr, addr, value, param);
    uint8_t source = value & 7;
    if ((avr->data[desk->adc.p->r_adcsra] >> ADATE & 1) && source != 0 && source != 3 && source != 5)
        tell_once(desk, TRIGGER_SOURCE);
}

/* simavr tells of a match when the instruction under way has ended; the trigger came when the counter matched. */
static uint64_t matched_at(struct desk *desk, char timer, int comparator)
{
    avr_t *avr = desk->avr;
    for (avr_io_t *io = avr->io_port; io; io = io->next)
        if (io->irq_ioctl_get == (uint32_t)AVR_IOCTL_TIMER_GETIRQ(timer)) {
            const avr_timer_t *p = (const avr_timer_t *)io;
            uint64_t cycle = p->tov_base + p->comp[comparator].comp_cycles;
            return cycle <= avr->cycle && avr->cycle - cycle < 16 ? cycle : avr->cycle;
        }
    return avr->cycle;
}

/* A rising flag of a timer's compare starts a conversion, whether or not its interrupt is enabled. */
static void trigger(struct desk *desk, int which, uint8_t source, uint32_t value)
{
    struct adc *adc = &desk->adc;
    avr_t *avr = desk->avr;
    uint8_t *adcsra = &avr->data[adc->p->r_adcsra];
    bool rises = value && !adc->triggered_high[which];
    adc->triggered_high[which] = value != 0;
    if (!rises || !(*adcsra >> ADEN & 1) || !(*adcsra >> ADATE & 1) || (avr->data[adc->p->r_adcsrb] & 7) != source ||
        adc->running)
        return;
    *adcsra |= 1 << ADSC;
    adc->enabled_at = source == 3 ? matched_at(desk, '0', AVR_TIMER_COMPA) : matched_at(desk, '1', AVR_TIMER_COMPB);
    begin(desk, adc->enabled_at, adc->first ? 28 : 4, adc->first ? 51 : 27); /* the prescaler is reset */
    avr_cycle_timer_register(avr, adc->end - avr->cycle, on_end, desk);
}

static void on_timer0_compa(avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    trigger(param, 0, 3, value);
}

static void on_timer1_compb(avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    trigger(param, 1, 5, value);
}

/* ADCL first: from then until ADCH is read the two belong together, and no new result gets in. */
static uint8_t on_adcl(avr_t *avr, avr_io_addr_t addr, void *param)
{
    ((struct desk *)param)->adc.locked = true;
    return avr->data[addr];
}

static uint8_t on_adch(avr_t *avr, avr_io_addr_t addr, void *param)
{
    ((struct desk *)param)->adc.locked = false;
    return avr->data[addr];
}

static void take_write(struct desk *desk, avr_io_addr_t addr, avr_io_write_t callback)
{
    desk->avr->io[AVR_DATA_TO_IO(addr)].w.c = callback;
    desk->avr->io[AVR_DATA_TO_IO(addr)].w.param = desk;
}

static void take_read(struct desk *desk, avr_io_addr_t addr, avr_io_read_t callback)
{
    desk->avr->io[AVR_DATA_TO_IO(addr)].r.c = callback;
    desk->avr->io[AVR_DATA_TO_IO(addr)].r.param = desk;
}

void adc_attach(struct desk *desk)
{
    avr_t *avr = desk->avr;
    struct adc *adc = &desk->adc;
    for (avr_io_t *io = avr->io_port; io; io = io->next)
        if (io->irq_ioctl_get == AVR_IOCTL_ADC_GETIRQ)
            adc->p = (avr_adc_t *)io;
    take_write(desk, adc->p->r_adcsra, on_adcsra);
    take_write(desk, adc->p->r_adcsrb, on_adcsrb);
    take_write(desk, adc->p->r_admux, on_admux);
    take_read(desk, adc->p->r_adcl, on_adcl);
    take_read(desk, adc->p->r_adch, on_adch);
    avr_irq_register_notify(avr_get_interrupt_irq(avr, desk->board->timer0_compa) + AVR_INT_IRQ_PENDING,
                            on_timer0_compa, desk);
    avr_irq_register_notify(avr_get_interrupt_irq(avr, desk->board->timer1_compb) + AVR_INT_IRQ_PENDING,
                            on_timer1_compb, desk);
}

void adc_after_reset(struct desk *desk)
{
    struct adc *adc = &desk->adc;
    adc->running = adc->first = adc->sampled = adc->locked = false;
    adc->triggered_high[0] = adc->triggered_high[1] = false;
}
