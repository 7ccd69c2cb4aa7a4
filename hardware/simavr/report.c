/* The CPU budget and the counters of a run, as JSON. */
#include "desk.h"

#include <errno.h>
#include <string.h>

/* At the end of each simulated second since *start*: how many cycles the chip was not asleep. */
void report_second(struct desk *desk)
{
    uint64_t second = (uint64_t)(1e6 * desk->cycles_per_us + 0.5);
    if (desk->avr->cycle < desk->busy_mark + second)
        return;
    uint64_t slept = desk->irq.asleep - desk->asleep_mark;
    desk->busy = grow(desk->busy, &desk->busy_size, desk->n_busy + 1, sizeof *desk->busy);
    desk->busy[desk->n_busy++] = (uint32_t)(slept < second ? second - slept : 0);
    desk->busy_mark += second;
    desk->asleep_mark += slept;
}

static const char *vector_name(const struct board *board, int vector)
{
    for (size_t i = 0; i < sizeof board->vectors / sizeof *board->vectors; i++)
        if (board->vectors[i].vector == vector)
            return board->vectors[i].name;
    return NULL;
}

static void write_interrupts(const struct desk *desk, FILE *file)
{
    const char *separator = "";
    fprintf(file, "  \"interrupts\": {");
    for (int v = 0; v < 64; v++) {
        const struct irq_count *count = &desk->irq.count[v];
        if (!count->calls)
            continue;
        const char *name = vector_name(desk->board, v);
        char number[24];
        snprintf(number, sizeof number, "vector_%d", v);
        fprintf(file, "%s\n    \"%s\": {\"calls\": %llu, \"cycles_mean\": %.2f, \"cycles_max\": %u}", separator,
                name ? name : number, (unsigned long long)count->calls,
                (double)count->cycles / (double)count->calls, count->longest);
        separator = ",";
    }
    fprintf(file, "\n  },\n");
}

void report_write(struct desk *desk, const char *path)
{
    if (!path)
        return;
    FILE *file = fopen(path, "w");
    if (!file)
        die(EXIT_FAILED, "%s: %s", path, strerror(errno));
    double second = 1e6 * desk->cycles_per_us, sum = 0.0, most = 0.0;
    for (size_t i = 0; i < desk->n_busy; i++) {
        sum += desk->busy[i] / second;
        most = desk->busy[i] / second > most ? desk->busy[i] / second : most;
    }
    fprintf(file, "{\n  \"board\": \"%s\",\n  \"mcu\": \"%s\",\n", desk->board->name, desk->board->mcu);
    fprintf(file, "  \"flash_bytes\": %u,\n  \"ram_bytes\": %u,\n  \"ram_never_used_bytes\": %u,\n",
            desk->firmware.flash_bytes, desk->firmware.ram_bytes, board_free_ram(desk));
    fprintf(file, "  \"simulated_s\": %.6f,\n", 1e-6 * true_us(desk, desk->avr->cycle));
    fprintf(file, "  \"busy_mean\": %.5f,\n  \"busy_max\": %.5f,\n  \"busy\": [",
            desk->n_busy ? sum / (double)desk->n_busy : 0.0, most);
    for (size_t i = 0; i < desk->n_busy; i++)
        fprintf(file, "%s%.5f", i ? ", " : "", desk->busy[i] / second);
    fprintf(file, "],\n");
    write_interrupts(desk, file);
    const uint64_t *n = desk->truth.counts;
    fprintf(file, "  \"conversions\": %llu,\n  \"adc_overruns\": %llu,\n  \"adc_interrupts_dropped\": %llu,\n",
            (unsigned long long)n[RECORD_CONVERSION], (unsigned long long)n[RECORD_ADC_OVERRUN],
            (unsigned long long)n[RECORD_ADC_DROPPED]);
    fprintf(file, "  \"mux_races\": %llu,\n  \"rx_overruns\": %llu,\n  \"tx_ignored\": %llu,\n",
            (unsigned long long)n[RECORD_MUX_RACE], (unsigned long long)n[RECORD_RX_OVERRUN],
            (unsigned long long)n[RECORD_TX_IGNORED]);
    fprintf(file, "  \"not_modelled\": %llu,\n", (unsigned long long)n[RECORD_NOT_MODELLED]);
    fprintf(file, "  \"resets\": %llu,\n  \"bits_flipped\": %llu,\n", (unsigned long long)n[RECORD_RESET],
            (unsigned long long)n[RECORD_FLIP]);
    fprintf(file, "  \"bytes_sent\": %llu,\n  \"bytes_received\": %llu,\n", (unsigned long long)desk->uart.sent,
            (unsigned long long)desk->uart.received);
    fprintf(file, "  \"bytes_lost\": %llu,\n  \"bytes_unheard\": %llu\n}\n", (unsigned long long)desk->port.lost,
            (unsigned long long)desk->port.unheard);
    if (fclose(file))
        die(EXIT_FAILED, "%s: %s", path, strerror(errno));
}
