/* The board's UART 0: shift register, one buffer, a FIFO of two; simavr's own is not used.
 *
 * A byte lasts its bits (10 for 8N1) times 8 or 16 (UBRR + 1) cycles, read from the registers when it begins. UDRE and
 * RXC are levels: as long as one is set and its interrupt enabled, the interrupt comes again.
 */
#include "desk.h"

#include <math.h>

enum { U2X = 1, DOR = 3, FE = 4, UDRE = 5, TXC = 6, RXC = 7 };    /* bits of UCSRnA */
enum { TXEN = 3, RXEN = 4 };                                     /* bits of UCSRnB */

#define SAME_SPEED 0.02                                          /* below this, two UARTs understand each other */

static uint64_t bit_cycles(struct desk *desk)
{
    const avr_uart_t *p = desk->uart.p;
    const uint8_t *data = desk->avr->data;
    uint32_t ubrr = data[p->ubrrl.reg] | (data[p->ubrrh.reg] & 0x0fu) << 8;
    return (uint64_t)(ubrr + 1) * (data[p->r_ucsra] >> U2X & 1 ? 8 : 16);
}

static unsigned frame_bits(struct desk *desk)
{
    uint8_t c = desk->avr->data[desk->uart.p->r_ucsrc];
    return 1 + 5 + (c >> 1 & 3) + (c & 0x20 ? 1 : 0) + 1 + (c >> 3 & 1);
}

static double host_bit_cycles(struct desk *desk)
{
    double baud = desk->uart.host_baud;
    return baud > 0.0 ? 1e6 * desk->cycles_per_us / baud : (double)bit_cycles(desk);
}

static bool same_speed(struct desk *desk)
{
    return fabs(host_bit_cycles(desk) / (double)bit_cycles(desk) - 1.0) <= SAME_SPEED && frame_bits(desk) == 10;
}

static void set_flag(struct desk *desk, avr_int_vector_t *vector, uint8_t bit)
{
    desk->avr->data[desk->uart.p->r_ucsra] |= (uint8_t)(1 << bit);
    avr_raise_interrupt(desk->avr, vector);
}

static void clear_flag(struct desk *desk, avr_int_vector_t *vector, uint8_t bit)
{
    if (vector->pending)
        avr_clear_interrupt(desk->avr, vector);
    desk->avr->data[desk->uart.p->r_ucsra] &= (uint8_t)~(1 << bit);
}

static void raise_if_due(struct desk *desk, avr_int_vector_t *vector, uint8_t bit)
{
    avr_t *avr = desk->avr;
    if ((avr->data[desk->uart.p->r_ucsra] >> bit & 1) && avr_regbit_get(avr, vector->enable) && !vector->pending)
        avr_raise_interrupt(avr, vector);
}

void uart_raise_again(struct desk *desk, uint8_t vector)
{
    avr_uart_t *p = desk->uart.p;
    if (vector == p->udrc.vector)
        raise_if_due(desk, &p->udrc, UDRE);
    else if (vector == p->rxc.vector)
        raise_if_due(desk, &p->rxc, RXC);
}

/* ---- board -> host */

/* What the host's UART has understood by now, where it runs at another speed. */
void uart_listen(struct desk *desk)
{
    uint8_t byte;
    bool framing_error;
    while (desk->uart.to_host.n &&
           line_receive(&desk->uart.to_host, (double)desk->avr->cycle, host_bit_cycles(desk), &byte, &framing_error))
        port_send(desk, byte);
}

static void left_the_board(struct desk *desk, uint8_t byte, uint64_t start, uint64_t bits)
{
    desk->uart.sent++;
    desk->uart.last_activity = desk->avr->cycle;
    if (same_speed(desk)) {
        port_send(desk, byte);
        return;
    }
    line_send(&desk->uart.to_host, (double)start, (double)bits / frame_bits(desk), byte);
    uart_listen(desk);
}

static avr_cycle_count_t on_sent(avr_t *avr, avr_cycle_count_t when, void *param)
{
    struct desk *desk = param;
    struct uart *uart = &desk->uart;
    (void)avr;
    left_the_board(desk, uart->shift, uart->shift_start, uart->shift_bits);
    uart->shifting = uart->buffered;
    if (!uart->buffered) {
        set_flag(desk, &uart->p->txc, TXC);
        return 0;
    }
    uart->shift = uart->buffer;
    uart->buffered = false;
    uart->shift_start = when;
    uart->shift_bits = bit_cycles(desk) * frame_bits(desk);
    set_flag(desk, &uart->p->udrc, UDRE);
    return when + uart->shift_bits;
}

static void on_udr_write(avr_t *avr, avr_io_addr_t addr, uint8_t value, void *param)
{
    struct desk *desk = param;
    struct uart *uart = &desk->uart;
    (void)addr;
    if (!(avr->data[uart->p->r_ucsrb] >> TXEN & 1))
        return;
    if (uart->buffered) {
        truth_event(desk, RECORD_TX_IGNORED, value, 0, 0);
    } else if (uart->shifting) {
        uart->buffer = value;
        uart->buffered = true;
        clear_flag(desk, &uart->p->udrc, UDRE);
    } else {
        uart->shift = value;
        uart->shifting = true;
        uart->shift_start = avr->cycle;
        uart->shift_bits = bit_cycles(desk) * frame_bits(desk);
        avr_cycle_timer_register(avr, uart->shift_bits, on_sent, desk);
    }
}

/* A reset in the middle of a byte: the line goes back to idle, its bits not yet sent read as ones. */
void uart_cut(struct desk *desk)
{
    struct uart *uart = &desk->uart;
    if (!uart->shifting)
        return;
    uint64_t passed = (desk->avr->cycle - uart->shift_start) * frame_bits(desk) / uart->shift_bits;
    if (passed < 9)
        uart->shift |= (uint8_t)(0xff << (passed ? passed - 1 : 0));
    left_the_board(desk, uart->shift, uart->shift_start, uart->shift_bits);
    uart->shifting = uart->buffered = false;
}

/* ---- host -> board */

static void arrived(struct desk *desk, uint8_t byte, bool framing_error)
{
    struct uart *uart = &desk->uart;
    avr_t *avr = desk->avr;
    uart->last_activity = avr->cycle;
    uart->received++;
    if (!(avr->data[uart->p->r_ucsrb] >> RXEN & 1))
        return;
    if (uart->n_fifo == 3) { /* two in the FIFO, one still in the shift register */
        avr->data[uart->p->r_ucsra] |= 1 << DOR;
        truth_event(desk, RECORD_RX_OVERRUN, byte, 0, 0);
        return;
    }
    uart->fifo[uart->n_fifo] = byte;
    uart->errors[uart->n_fifo++] = framing_error;
    if (uart->errors[0])
        avr->data[uart->p->r_ucsra] |= 1 << FE;
    set_flag(desk, &uart->p->rxc, RXC);
}

static avr_cycle_count_t on_arrival(avr_t *avr, avr_cycle_count_t when, void *param)
{
    struct desk *desk = param;
    struct uart *uart = &desk->uart;
    double bit = host_bit_cycles(desk);
    uint8_t byte;
    bool framing_error;
    if (uart->inbox_head < uart->inbox_end) {
        byte = uart->inbox[uart->inbox_head++];
        if (same_speed(desk))
            arrived(desk, byte, false);
        else
            line_send(&uart->to_board, (double)when - 10.0 * bit, bit, byte);
    }
    while (uart->to_board.n &&
           line_receive(&uart->to_board, (double)avr->cycle, (double)bit_cycles(desk), &byte, &framing_error))
        arrived(desk, byte, framing_error);
    const struct line *line = &uart->to_board;
    bool still_sampled = line->n && (double)avr->cycle < line->frames[line->n - 1].start + 40.0 * bit;
    uart->arriving = uart->inbox_head < uart->inbox_end || still_sampled;
    return uart->arriving ? when + (uint64_t)llround(10.0 * bit) : 0;
}

static void send_next(struct desk *desk)
{
    struct uart *uart = &desk->uart;
    if (uart->arriving || uart->inbox_head == uart->inbox_end)
        return;
    uart->arriving = true;
    avr_cycle_timer_register(desk->avr, (uint64_t)llround(10.0 * host_bit_cycles(desk)), on_arrival, desk);
}

void uart_from_host(struct desk *desk, const uint8_t *bytes, size_t n)
{
    struct uart *uart = &desk->uart;
    if (uart->inbox_head == uart->inbox_end)
        uart->inbox_head = uart->inbox_end = 0;
    uart->inbox = grow(uart->inbox, &uart->inbox_size, uart->inbox_end + n, 1);
    for (size_t i = 0; i < n; i++)
        uart->inbox[uart->inbox_end++] = bytes[i];
    send_next(desk);
}

static uint8_t on_udr_read(avr_t *avr, avr_io_addr_t addr, void *param)
{
    struct desk *desk = param;
    struct uart *uart = &desk->uart;
    (void)addr;
    uint8_t byte = uart->fifo[0];
    avr->data[uart->p->r_ucsra] &= (uint8_t)~(1 << DOR | 1 << FE);
    if (uart->n_fifo) {
        uart->n_fifo--;
        for (int i = 0; i < uart->n_fifo; i++) {
            uart->fifo[i] = uart->fifo[i + 1];
            uart->errors[i] = uart->errors[i + 1];
        }
    }
    if (!uart->n_fifo)
        clear_flag(desk, &uart->p->rxc, RXC);
    else if (uart->errors[0])
        avr->data[uart->p->r_ucsra] |= 1 << FE;
    return byte;
}

/* ---- control registers */

static void on_ucsra(avr_t *avr, avr_io_addr_t addr, uint8_t value, void *param)
{
    struct desk *desk = param;
    if (value >> TXC & 1)
        clear_flag(desk, &desk->uart.p->txc, TXC);
    avr->data[addr] = (uint8_t)((avr->data[addr] & ~3) | (value & 3));
}

static void on_ucsrb(avr_t *avr, avr_io_addr_t addr, uint8_t value, void *param)
{
    struct desk *desk = param;
    avr_uart_t *p = desk->uart.p;
    avr->data[addr] = value & (uint8_t)~2; /* RXB8 can only be read */
    if (!(value >> RXEN & 1)) {
        desk->uart.n_fifo = 0;
        clear_flag(desk, &p->rxc, RXC);
    }
    raise_if_due(desk, &p->rxc, RXC);
    raise_if_due(desk, &p->txc, TXC);
    raise_if_due(desk, &p->udrc, UDRE);
}

static void on_ubrrl(avr_t *avr, avr_io_addr_t addr, uint8_t value, void *param)
{
    (void)param;
    avr->data[addr] = value;
}

static void take(struct desk *desk, avr_io_addr_t addr, avr_io_write_t write, avr_io_read_t read)
{
    avr_t *avr = desk->avr;
    avr_io_addr_t io = AVR_DATA_TO_IO(addr);
    avr->io[io].w.c = write;
    avr->io[io].w.param = desk;
    avr->io[io].r.c = read;
    avr->io[io].r.param = read ? desk : NULL;
}

void uart_attach(struct desk *desk)
{
    avr_t *avr = desk->avr;
    for (avr_io_t *io = avr->io_port; io; io = io->next)
        if (io->irq_ioctl_get == AVR_IOCTL_UART_GETIRQ('0'))
            desk->uart.p = (avr_uart_t *)io;
    avr_uart_t *p = desk->uart.p;
    take(desk, p->r_udr, on_udr_write, on_udr_read);
    take(desk, p->r_ucsra, on_ucsra, NULL);
    take(desk, p->r_ucsrb, on_ucsrb, NULL);
    take(desk, p->ubrrl.reg, on_ubrrl, NULL);
    desk->uart.host_baud = desk->options->baud;
}

/* A reset forgets simavr's timers, so what was on its way to the board starts anew. */
void uart_after_reset(struct desk *desk)
{
    struct uart *uart = &desk->uart;
    avr_t *avr = desk->avr;
    uart->shifting = uart->buffered = uart->arriving = false;
    uart->n_fifo = 0;
    uart->to_board.n = 0;
    avr->data[uart->p->r_ucsra] = 1 << UDRE;
    avr->data[uart->p->r_ucsrb] = 0;
    avr->data[uart->p->r_ucsrc] = 6; /* 8 bits */
    uart->last_activity = avr->cycle;
    send_next(desk);
}

bool uart_idle(const struct desk *desk)
{
    return !desk->uart.shifting && !desk->uart.arriving;
}
