// Insole: sixteen pressure sensors a foot, up to 2000 scans a second. See PROTOCOL.md and README.md two folders up.
// Timer, ADC, serial line and edges run on interrupts; this loop encodes what they hand over, and sleeps.

#include <avr/interrupt.h>
#include <avr/sleep.h>

#include "events.h"
#include "session.h"

void setup() {
  TIMSK0 = 0;  // the core's millisecond interrupt: nobody needs it, and it would delay ours
  session_begin();
  set_sleep_mode(SLEEP_MODE_IDLE);  // timer, ADC and USART go on
  sleep_enable();                   // for good: this is the only place that ever sleeps
}

void loop() {
  // Interrupts that only move a byte wake the processor too: back to sleep at once. sei takes effect one instruction
  // late, so nothing can come between it and sleep (ds 2560 section 7.8).
  cli();
  while (!event_raised()) {
    sei();
    sleep_cpu();
    cli();
  }
  clear_event();
  sei();
  session_run();
}
