#include "scan.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/delay_basic.h>

#include "board.h"
#include "device_time.h"
#include "events.h"

volatile uint8_t streaming;

namespace {

// Clocks of one conversion in free running mode (ds 2560 section 26.4).
const uint8_t CONVERSION_CLOCKS = 13;

// From the timer's match to the start of the first conversion: interrupt, saved registers, the code below.
const uint8_t START_CYCLES = 60;

// From *start* to the first scan: enough to answer and to set the timer.
const uint8_t START_LEAD_US = 100;

// Longer than any scan, at the slowest clock of the ADC.
const uint16_t LONGEST_SCAN_US = 4000;

// Two scans: one is filled by interrupts, one is read by the main loop. A ring of two, because an index would cost the
// interrupts a multiplication, and with it the saving of more registers.
struct Buffer {
  Scan scan;
  uint16_t started_tick;      // the first conversion was asked for
  uint16_t ended_tick;        // the last one was read
  bool late;
  volatile bool full;
  Buffer *next;
};
Buffer buffers[2];
Buffer *filling;
Buffer *reading;

// The scan under way.
volatile bool scanning;
uint8_t channel;              // that the running conversion reads
uint8_t *next_count;
volatile uint8_t overruns;    // scans that failed since one was handed over

// The schedule: exact microseconds, the remainder carried on, so that no rate drifts.
uint32_t due_us;
volatile uint16_t due_sequence;
uint16_t rate_hz;
uint16_t period_us;
uint16_t period_rest;         // of rate_hz
uint16_t rest;
uint32_t stopped_us;

// How the rate wants the ADC.
uint8_t adc_run;              // control word: convert again and again, interrupt each time
uint8_t adc_last;             // finish the running conversion, no other
uint8_t adc_rest;             // on, nothing to do
uint8_t start_ticks;          // from the start of a scan until its second channel may be chosen, half microseconds
uint8_t hold_loops;           // from a conversion's end until the next channel but one may be chosen, loops of 3 cycles
uint16_t least_ticks;         // length of a good scan, at least
uint16_t spare_ticks;         // and this much more at most
uint16_t offsets[N_SENSELS];

void burn_conversion() {
  // The first conversion after switching the ADC on takes 25 clocks and samples at 13.5 (ds 2560 section 26.4).
  ADCSRA = adc_rest | _BV(ADSC);
  while (ADCSRA & _BV(ADSC)) {
  }
  ADCSRA = adc_rest | _BV(ADIF);
}

}  // namespace

// A scan is due.
ISR(TIMER1_COMPA_vect) {
  if (!streaming) return;  // the compare interrupt is never switched off, so that no stale flag waits for *start*
  bool can_start = true;
  if (scanning) {
    // The last scan has not ended: the interrupt of its last conversion was lost, or the ADC still runs.
    scanning = false;
    ++overruns;
    if (ADCSRA & _BV(ADSC)) {
      can_start = false;
      ++overruns;
    }
    ADCSRA = adc_rest | _BV(ADIF);
    board_choose(0);
  }
  Buffer *const buffer = filling;
  if (can_start && !buffer->full) {
    ADCSRA = adc_run;
    buffer->started_tick = TCNT1;
    buffer->late = false;
    buffer->scan.time_us = due_us;
    buffer->scan.sequence = due_sequence;
    uint8_t flags = SYNC_IN_HIGH() ? FLAG_SYNC_IN : 0;
    if (SYNC_OUT_PORT & _BV(SYNC_OUT_BIT)) flags |= FLAG_SYNC_OUT;
    buffer->scan.flags = flags;
    next_count = reinterpret_cast<uint8_t *>(buffer->scan.counts);
    channel = 0;
    scanning = true;
  }
  due_sequence = due_sequence + 1;
  uint32_t due = due_us + period_us;
  rest += period_rest;
  if (rest >= rate_hz) {
    rest -= rate_hz;
    ++due;
  }
  due_us = due;
  OCR1A = compare_at(due);
  if (scanning) {
    // The first conversion begins up to one ADC clock after it was asked for; see START_CLOCKS for the rest.
    const uint16_t started = buffer->started_tick;
    const uint8_t wait = start_ticks;
    while (static_cast<uint16_t>(TCNT1 - started) < wait) {
    }
    board_choose(1);
  }
}

// A conversion has ended, the next one has begun by itself, on the channel that was chosen meanwhile. This comes 32000
// times a second: whatever needs more than four registers is done elsewhere.
ISR(ADC_vect) {
  const uint8_t k = channel;
  // ADSC again: nothing to a converter that runs by itself; one that can't (a simulator) goes on.
  if (k < N_SENSELS - 2)
    ADCSRA = adc_run;
  else if (k == N_SENSELS - 2)
    ADCSRA = adc_last;
  uint8_t *count = next_count;
  *count++ = ADCL;  // the low byte first: it locks the high one (ds 2560 section 26.8.3)
  *count++ = ADCH;
  next_count = count;
  if (k < N_SENSELS - 1) {
    _delay_loop_1(hold_loops);
    board_choose((k + 2) & (N_SENSELS - 1));
    // Another conversion has ended already: this interrupt came too late to read, or to choose.
    if (ADCSRA & _BV(ADIF)) filling->late = true;
    channel = k + 1;
    return;
  }
  Buffer *const buffer = filling;
  buffer->ended_tick = TCNT1;
  buffer->scan.overruns = overruns;
  overruns = 0;
  buffer->full = true;
  filling = buffer->next;
  scanning = false;
  raise_event();
}

void scan_begin() {
  for (uint8_t i = 0; i < 2; ++i) buffers[i].next = &buffers[1 - i];
  filling = reading = &buffers[0];
  board_begin_channels();
  board_choose(0);
}

void scan_set_rate(uint16_t new_rate_hz) {
  rate_hz = new_rate_hz;
  period_us = static_cast<uint16_t>(1000000UL / rate_hz);
  period_rest = static_cast<uint16_t>(1000000UL % rate_hz);

  // 125 kHz lies within the 50 to 200 kHz that the datasheet wants for 10 bits (ds 2560 section 26.4); 250 and 500 kHz
  // cost a little accuracy, and are what 1000 and 2000 scans a second need: 17 conversions must fit into a period.
  const uint8_t prescaler = rate_hz <= 500 ? 128 : rate_hz <= 1000 ? 64 : 32;
  adc_rest = _BV(ADEN) | (prescaler == 128 ? 7 : prescaler == 64 ? 6 : 5);
  adc_last = adc_rest | _BV(ADIE) | _BV(ADSC);
  adc_run = adc_last | _BV(ADATE);

  const uint8_t ticks_per_clock = prescaler / 8;
  const uint8_t conversion_ticks = CONVERSION_CLOCKS * ticks_per_clock;
  start_ticks = START_CLOCKS * ticks_per_clock;
  hold_loops = board_hold_loops(prescaler);
  least_ticks = N_SENSELS * conversion_ticks - conversion_ticks / 4;
  spare_ticks = conversion_ticks;

  // Half a clock: the mean wait for the ADC's own clock. One and a half: the hold (ds 2560 section 26.4).
  const uint16_t first_cycles = START_CYCLES + 2 * prescaler;
  const uint16_t cycles = CONVERSION_CLOCKS * prescaler;
  for (uint8_t i = 0; i < N_SENSELS; ++i)
    offsets[i] = static_cast<uint16_t>((first_cycles + static_cast<uint32_t>(i) * cycles + 8) / 16);

  ADCSRA = 0;
  burn_conversion();
}

uint16_t scan_rate() { return rate_hz; }

const uint16_t *scan_offsets() { return offsets; }

void scan_start() {
  buffers[0].full = buffers[1].full = false;
  filling = reading = &buffers[0];
  scanning = false;
  overruns = 0;
  due_sequence = 0;
  rest = rate_hz / 2;  // so that stamps are rounded, not cut
  cli();
  due_us = device_time_locked() + START_LEAD_US;
  OCR1A = compare_at(due_us);
  sei();
  // A match of the old compare value that came meanwhile has been served here, and was nobody's scan.
  streaming = 1;
}

void scan_stop() {
  streaming = 0;
  stopped_us = device_time();
}

const Scan *scan_next() {
  Buffer *const buffer = reading;
  if (!buffer->full) return nullptr;
  in_order();
  // A lost interrupt makes one conversion more, and shifts all channels behind it: only time tells.
  const uint16_t took = buffer->ended_tick - buffer->started_tick;
  buffer->scan.good = !buffer->late && static_cast<uint16_t>(took - least_ticks) <= spare_ticks;
  return &buffer->scan;
}

void scan_done() {
  in_order();
  reading->full = false;
  reading = reading->next;
}

bool scan_ended() {
  if (!scanning) return true;
  if (device_time() - stopped_us < LONGEST_SCAN_US) return false;
  ADCSRA = adc_rest | _BV(ADIF);  // its last interrupt was lost
  board_choose(0);
  scanning = false;
  ++overruns;
  return true;
}

uint16_t scan_due() { return due_sequence; }

uint8_t scan_overruns_left() { return overruns; }
