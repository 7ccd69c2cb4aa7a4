// What differs between the two boards: pins, their interrupts, and how a channel is chosen.

#ifndef INSOLE_BOARD_H
#define INSOLE_BOARD_H

#include <avr/io.h>

#include "config.h"

#if F_CPU != 16000000L
#error "a board with a 16 MHz crystal is needed: scans, baud rate and device time are derived from it"
#endif

#if defined(__AVR_ATmega2560__)

#define BOARD_NAME "mega2560"

// Belt on INT4 (PE4), sync input on INT5 (PE5), sync output on PH5.
#define BELT_vect INT4_vect
#define SYNC_vect INT5_vect
#define LINE_EMPTY_vect USART0_UDRE_vect
#define LINE_RECEIVED_vect USART0_RX_vect
#define SYNC_IN_HIGH() (PINE & _BV(PE5))
#define SYNC_OUT_PORT PORTH
#define SYNC_OUT_BIT PH5

inline void board_begin_pins() {
  PORTE |= _BV(PE4) | _BV(PE5);  // pull-ups: a wire that is not there must not float and interrupt all the time
  DDRH |= _BV(PH5);
  EICRB = _BV(ISC41) | _BV(ISC40) | _BV(ISC50);  // INT4 rising edge, INT5 any edge (ds 2560 section 15.2.2)
  EIFR = _BV(INTF4) | _BV(INTF5);
  EIMSK |= _BV(INT4) | _BV(INT5);
}

inline void board_begin_channels() {
  DIDR0 = 0xFF;  // digital inputs of A0 to A15 off: an analog level in their middle draws current
  DIDR2 = 0xFF;
}

// The channel of the conversion after the one that runs: ADMUX is locked while one runs (ds 2560 section 26.5). MUX5,
// which chooses A8 to A15, is bit 3 of ADCSRB, as it is of the channel number. The other bits of ADCSRB stay 0: free
// running.
inline __attribute__((always_inline)) void board_choose(uint8_t channel) {
  ADMUX = _BV(REFS0) | (channel & 0x07);
  ADCSRB = channel & 0x08;
}

// How long the conversion interrupt has to wait before it may choose: one ADC clock after the end of the last
// conversion, which is what triggers the next (ds 2560 section 26.5). It has spent 60 cycles by then: 5 to enter, 3 for
// the jump, the registers it saves, the code in front. No loops would be 256 of them.
inline uint8_t board_hold_loops(uint8_t prescaler) { return prescaler <= 64 ? 1 : (prescaler - 60 + 2) / 3; }

// ADC clocks from the wish for the first conversion until the second channel may be chosen: one until it begins, one
// until its own channel is locked (ds 2560 section 26.5.1).
const uint8_t START_CLOCKS = 2;

#elif defined(__AVR_ATmega328P__)

#define BOARD_NAME "uno+4067"

// Belt on INT0 (PD2), sync input on INT1 (PD3), sync output on PB0.
#define BELT_vect INT0_vect
#define SYNC_vect INT1_vect
#define LINE_EMPTY_vect USART_UDRE_vect
#define LINE_RECEIVED_vect USART_RX_vect
#define SYNC_IN_HIGH() (PIND & _BV(PD3))
#define SYNC_OUT_PORT PORTB
#define SYNC_OUT_BIT PB0

inline void board_begin_pins() {
  PORTD |= _BV(PD2) | _BV(PD3);  // pull-ups: a wire that is not there must not float and interrupt all the time
  DDRB |= _BV(PB0);
  EICRA = _BV(ISC01) | _BV(ISC00) | _BV(ISC10);  // INT0 rising edge, INT1 any edge (ds 328P section 12.2.1)
  EIFR = _BV(INTF0) | _BV(INTF1);
  EIMSK |= _BV(INT0) | _BV(INT1);
}

inline void board_begin_channels() {
  DIDR0 = _BV(ADC0D);  // digital input of A0 off: an analog level in its middle draws current
  DDRD |= 0xF0;        // S0 to S3 of the multiplexer on PD4 to PD7
  ADMUX = _BV(REFS0);  // A0, against AVcc
}

// The select lines act at once, also in the middle of a conversion. PORTD's other bits are inputs with pull-ups, which
// nobody changes after the start, so that one plain write (no read before it, so nothing to interrupt) will do.
inline __attribute__((always_inline)) void board_choose(uint8_t channel) {
  PORTD = static_cast<uint8_t>(channel << 4) | _BV(PD2) | _BV(PD3);
}

// How long the conversion interrupt has to wait before it may choose: until the sample of the conversion that has just
// begun is held, 1.5 ADC clocks after its start (ds 328P section 23.4), here 1.75. Counted from where it writes ADSC,
// 22 cycles before the wait, that is right for a converter that has begun by itself before, and for one that begins
// then.
inline uint8_t board_hold_loops(uint8_t prescaler) { return (prescaler + 3 * (prescaler / 4) - 22 + 2) / 3; }

// ADC clocks from the wish for the first conversion until the second channel may be chosen: one until it begins, 1.5
// until its sample is held, and half a one to spare.
const uint8_t START_CLOCKS = 3;

#else
#error "the board is an Arduino Mega 2560, or an Uno or Nano with ATmega328P"
#endif

#endif
