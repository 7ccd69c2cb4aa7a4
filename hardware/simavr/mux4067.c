/* The CD74HC4067 of the Uno: four select lines, and a common node that follows its input through an RC.
 *
 * v(t) = input(t) + (v(s) - input(s)) * exp(-(t - s) / RC), s being the moment of the last switch. How far the node
 * lags behind a slowly changing input (RC times its slope, a few 0.1 mV) is left out, as is the switch's own charge.
 */
#include "desk.h"

#include <math.h>
#include <simavr/avr_ioport.h>

static uint8_t lines(struct desk *desk)
{
    uint8_t selected = 0;
    for (int i = 0; i < 4; i++) {
        avr_ioport_state_t state;
        if (avr_ioctl(desk->avr, AVR_IOCTL_IOPORT_GETSTATE(desk->board->select[i].port), &state) == 0)
            selected |= ((state.port >> desk->board->select[i].bit) & 1) << i;
    }
    return selected;
}

static void select_channel(struct desk *desk, uint8_t selected)
{
    struct mux4067 *mux = &desk->mux;
    if (selected == mux->selected)
        return;
    adc_sample_if_due(desk);
    double now_us = true_us(desk, desk->avr->cycle);
    double node = mux4067_node_uv(desk, now_us, desk->avr->cycle);
    mux->off_uv = node - feed_uv(&desk->feed, selected, now_us);
    mux->selected = selected;
    mux->since = desk->avr->cycle;
}

/* Called before the register holds the value, hence `value`. */
static void on_port(avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    struct desk *desk = param;
    uint8_t selected = 0;
    for (int i = 0; i < 4; i++)
        selected |= ((value >> desk->board->select[i].bit) & 1) << i;
    select_channel(desk, selected);
}

void mux4067_attach(struct desk *desk)
{
    if (desk->board->multiplexed)
        avr_irq_register_notify(
            avr_io_getirq(desk->avr, AVR_IOCTL_IOPORT_GETIRQ(desk->board->select[0].port), IOPORT_IRQ_REG_PORT),
            on_port, desk);
}

void mux4067_after_reset(struct desk *desk)
{
    if (desk->board->multiplexed)
        select_channel(desk, lines(desk));
}

double mux4067_node_uv(struct desk *desk, double time_us, uint64_t cycle)
{
    struct mux4067 *mux = &desk->mux;
    double input = feed_uv(&desk->feed, mux->selected, time_us);
    if (desk->options->rc_us <= 0.0)
        return input;
    double passed_us = (double)(cycle - mux->since) / desk->cycles_per_us;
    return input + mux->off_uv * exp(-passed_us / desk->options->rc_us);
}
