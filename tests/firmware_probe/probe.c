/* A firmware that does one small thing a command, to prove the desk against the chip's datasheet.
 *
 * ATmega2560 or ATmega328P at 16 MHz, UART 0 at 1 Mbaud. A command is one byte and its arguments; the answer's length
 * is known to the asker. `streaming` is 1 while a command is at work.
 */
#include <avr/eeprom.h>
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <util/delay_basic.h>

volatile uint8_t streaming;

static uint8_t reset_cause __attribute__((section(".noinit")));
static volatile uint16_t results[400];
static volatile uint16_t n_results, wanted;
static volatile uint8_t adc_job, timer_job;

/* Before main: the cause is lost if the watchdog bites again meanwhile. */
void keep_cause(void) __attribute__((naked, used, section(".init3")));
void keep_cause(void)
{
    reset_cause = MCUSR;
    MCUSR = 0;
    wdt_disable();
}

static void send(uint8_t byte)
{
    while (!(UCSR0A & _BV(UDRE0))) {
    }
    UDR0 = byte;
}

static void send16(uint16_t word)
{
    send((uint8_t)word);
    send((uint8_t)(word >> 8));
}

static uint8_t receive(void)
{
    while (!(UCSR0A & _BV(RXC0))) {
    }
    return UDR0;
}

static void choose(uint8_t channel)
{
#ifdef __AVR_ATmega2560__
    ADMUX = _BV(REFS0) | (channel & 7);
    ADCSRB = (uint8_t)((ADCSRB & ~_BV(MUX5)) | (channel & 8 ? _BV(MUX5) : 0));
#else
    ADMUX = _BV(REFS0);
    PORTD = (uint8_t)(channel << 4);
#endif
}

static void clock_on(void)
{
    TCCR1A = 0;
    TCCR1B = _BV(CS10);
    TCNT1 = 0;
}

static uint16_t convert(uint8_t adps)
{
    ADCSRA = (uint8_t)(_BV(ADEN) | _BV(ADSC) | _BV(ADIF) | adps);
    while (ADCSRA & _BV(ADSC)) {
    }
    return ADC;
}

/* 'A' adps: sixteen single conversions, two of each channel, the first thrown away. */
static void all_channels(void)
{
    uint8_t adps = receive();
    for (uint8_t channel = 0; channel < 16; channel++) {
        choose(channel);
        _delay_loop_1(200);
        convert(adps);
        send16(convert(adps));
    }
}

/* 'F' adps: cycles of the first and of the second conversion after switching the ADC on. */
static void first_conversion(void)
{
    uint8_t adps = receive();
    choose(0);
    clock_on();
    ADCSRA = 0;
    ADCSRA = (uint8_t)(_BV(ADEN) | adps);
    for (uint8_t i = 0; i < 2; i++) {
        uint16_t before = TCNT1;
        convert(adps);
        send16(TCNT1 - before);
    }
}

/* 'U': cycles from writing the first of 100 bytes until the last has left, then these bytes. */
static void line_time(void)
{
    clock_on();
    UCSR0A |= _BV(TXC0);
    for (uint8_t i = 0; i < 100; i++)
        send(i);
    while (!(UCSR0A & _BV(TXC0))) {
    }
    send16(TCNT1);
}

/* Each interrupt of timer 2 does nothing but come and go. */
ISR(TIMER2_COMPA_vect, ISR_NAKED)
{
    reti();
}

/* 'I': cycles of a loop, alone and with an interrupt every 256 cycles. */
static void interrupt_cost(void)
{
    for (uint8_t with = 0; with < 2; with++) {
        TCCR2A = _BV(WGM21);
        OCR2A = 255;
        TCCR2B = with ? _BV(CS20) : 0;
        TIFR2 = _BV(OCF2A);
        TIMSK2 = with ? _BV(OCIE2A) : 0;
        sei();
        clock_on();
        _delay_loop_2(12000);
        uint16_t took = TCNT1;
        cli();
        TIMSK2 = 0;
        send16(took);
    }
}

/* 'R': six bytes come while nobody reads; then what is left of them. */
static void overrun(void)
{
    _delay_loop_2(4000);
    uint8_t lost = (UCSR0A & _BV(DOR0)) != 0, n = 0, bytes[8];
    while ((UCSR0A & _BV(RXC0)) && n < sizeof bytes)
        bytes[n++] = UDR0;
    send(lost);
    send(n);
    for (uint8_t i = 0; i < n; i++)
        send(bytes[i]);
}

/* 'E' and eleven bytes: cycles from the first to the last. */
static void arrival(void)
{
    clock_on();
    receive();
    uint16_t first = TCNT1;
    for (uint8_t i = 0; i < 10; i++)
        receive();
    send16(TCNT1 - first);
}

/* 'S' adps, loops: from channel 0 to channel 15, a while of 3 cycles a loop, one conversion. */
static void settle(void)
{
    uint8_t adps = receive(), loops = receive();
    choose(0);
    _delay_loop_2(8000);
    convert(adps);
    choose(15);
    _delay_loop_1(loops);
    send16(convert(adps));
}

/* 'H' adps, loops: a conversion of channel 2; channel 9 is chosen a while of 3 cycles a loop after its start. */
static void hold(void)
{
    uint8_t adps = receive(), loops = receive();
    convert(adps);
    choose(2);
    _delay_loop_2(8000);
    ADCSRA = (uint8_t)(_BV(ADEN) | _BV(ADSC) | _BV(ADIF) | adps);
    _delay_loop_1(loops);
    choose(9);
    while (ADCSRA & _BV(ADSC)) {
    }
    send16(ADC);
}

ISR(ADC_vect)
{
    uint16_t code = ADC;
    if (adc_job == 'G')
        choose((uint8_t)((n_results + 1) & 15));
    else
        TIFR1 = _BV(OCF1B);
    results[n_results++] = code;
    if (n_results == wanted)
        ADCSRA = 0;
}

static void run_interrupts(uint8_t job, uint16_t count)
{
    adc_job = job;
    n_results = 0;
    wanted = count;
    sei();
    while (n_results < wanted) {
    }
    cli();
    for (uint16_t i = 0; i < count; i++)
        send16(results[i]);
}

/* 'G' hundreds: free running; interrupt k asks for channel k + 1. */
static void free_running(void)
{
    uint16_t count = 100 * receive();
    ADCSRB = 0;
    choose(0);
    ADCSRA = _BV(ADEN) | 5;
    convert(5);
    ADCSRA = _BV(ADEN) | _BV(ADATE) | _BV(ADIE) | _BV(ADSC) | _BV(ADIF) | 5;
    run_interrupts('G', count);
}

/* 'T': timer 1, period 16000 cycles, its compare B starts twenty conversions of channel 3. */
static void triggered(void)
{
    choose(3);
    ADCSRA = _BV(ADEN) | 6;
    convert(6);
    TCCR1A = 0;
    TCCR1B = _BV(WGM12) | _BV(CS10);
    OCR1A = 15999;
    OCR1B = 99;
    TCNT1 = 0;
    TIFR1 = _BV(OCF1B);
    ADCSRB |= _BV(ADTS2) | _BV(ADTS0);
    ADCSRA = _BV(ADEN) | _BV(ADATE) | _BV(ADIE) | _BV(ADIF) | 6;
    run_interrupts('T', 20);
    ADCSRB = 0;
}

ISR(TIMER1_COMPA_vect)
{
    if (timer_job == 'B')
        _delay_loop_2(1000);
    else
        ++n_results;
}

static void tick(uint8_t job)
{
    timer_job = job;
    n_results = 0;
    TCCR1A = 0;
    TCCR1B = _BV(WGM12) | _BV(CS10);
    OCR1A = 15999;
    TCNT1 = 0;
    TIFR1 = _BV(OCF1A);
    TIMSK1 = _BV(OCIE1A);
    set_sleep_mode(SLEEP_MODE_IDLE);
    sei();
}

/* 'B': asleep, but for 4000 cycles a millisecond. */
static void budget(void)
{
    tick('B');
    for (;;)
        sleep_mode();
}

/* 'Z': every millisecond 0xA5, a number, 16 channels: 36 bytes; for ever. */
static void stream(void)
{
    uint16_t done = 0;
    tick('Z');
    for (;;) {
        uint16_t due;
        do {
            cli();
            due = n_results;
            sei();
        } while (due == done);
        done++;
        send(0xA5);
        send(0x5A);
        send16(done);
        for (uint8_t channel = 0; channel < 16; channel++) {
            choose(channel);
            _delay_loop_1(20);
            send16(convert(4));
        }
    }
}

/* 'Q': a byte of the EEPROM, one more than it was, and the cycles until it stood there. */
static void count_in_eeprom(void)
{
    uint8_t *const at = (uint8_t *)10;
    uint8_t value = eeprom_read_byte(at) + 1;
    clock_on();
    eeprom_write_byte(at, value);
    eeprom_busy_wait();
    uint16_t took = TCNT1;
    send(eeprom_read_byte(at));
    send16(took);
}

static uint8_t served(void)
{
    uint8_t count = (uint8_t)n_results;
    n_results = 0;
    return count;
}

/* A compare flag of timer 1 stands, its interrupt is enabled. */
static void make_pending(void)
{
    cli();
    TIMSK1 = 0;
    clock_on();
    _delay_loop_1(50);
    TIMSK1 = _BV(OCIE1A);
}

/* 'Y': flags left by writing TIFR1; interrupts served after a late enable, within SEI CLI, within SEI NOP CLI; on the
 * Uno EIFR with a flag, and after it was cleared. */
static void flags(void)
{
    timer_job = 'Y';
    n_results = 0;
    OCR1A = 50;
    OCR1B = 60;
    TIMSK1 = 0;
    clock_on();
    _delay_loop_1(50);
    TIFR1 = _BV(OCF1B);
    send(TIFR1 & (_BV(OCF1A) | _BV(OCF1B)));
    TIFR1 = _BV(OCF1A);
    make_pending();
    sei();
    _delay_loop_1(5);
    cli();
    send(served());
    make_pending();
    __asm__ volatile("sei\n cli\n nop\n nop" ::: "memory");
    send(served());
    make_pending();
    __asm__ volatile("sei\n nop\n cli\n nop" ::: "memory");
    send(served());
    TIMSK1 = 0;
#ifndef __AVR_ATmega2560__
    EICRA = _BV(ISC00);
    DDRD |= _BV(PD2);
    PORTD ^= _BV(PD2);
    send(EIFR);
    EIFR = _BV(INTF0);
    send(EIFR);
    DDRD &= ~_BV(PD2);
#endif
}

/* 'P': the level of both input pins, and the time in units of 256 cycles, whenever one changes; for ever. */
static void pulses(void)
{
#ifdef __AVR_ATmega2560__
#define INPUTS PINE
#define INPUT_MASK (_BV(PE4) | _BV(PE5))
    PORTE |= INPUT_MASK;
#else
#define INPUTS PIND
#define INPUT_MASK (_BV(PD2) | _BV(PD3))
    PORTD |= INPUT_MASK;
#endif
    uint8_t last = 0;
    TCCR1A = 0;
    TCCR1B = _BV(CS12);
    TCNT1 = 0;
    for (;;) {
        uint8_t now = INPUTS & INPUT_MASK;
        if (now == last)
            continue;
        last = now;
        send(now);
        send16(TCNT1);
    }
}

int main(void)
{
    UCSR0A = _BV(U2X0);
    UBRR0H = 0;
    UBRR0L = 1;
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0);
    TIMSK0 = 0;
#ifndef __AVR_ATmega2560__
    DDRD |= 0xF0;
#endif
    for (;;) {
        uint8_t command = receive();
        streaming = 1;
        switch (command) {
        case 'A': all_channels(); break;
        case 'B': budget(); break;
        case 'E': arrival(); break;
        case 'F': first_conversion(); break;
        case 'G': free_running(); break;
        case 'H': hold(); break;
        case 'I': interrupt_cost(); break;
        case 'M': send(reset_cause); _delay_loop_2(1000); break;
        case 'P': pulses(); break;
        case 'Q': count_in_eeprom(); break;
        case 'R': overrun(); break;
        case 'S': settle(); break;
        case 'T': triggered(); break;
        case 'U': line_time(); break;
        case 'W':
            _delay_loop_2(1000);
            streaming = 0;
            send('w');
            wdt_enable(WDTO_15MS);
            for (;;) {
            }
        case 'Y': flags(); break;
        case 'Z': stream(); break;
        }
        streaming = 0;
    }
}
