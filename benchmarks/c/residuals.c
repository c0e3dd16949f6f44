/* Row activities and reduced costs in one pass over a matrix by rows: the algorithm of kernels/residuals.py. */

#include <math.h>
#include <stdint.h>

/* z holds the costs at first and z_size their sizes. */
void products(int64_t rows, const int64_t *restrict start, const int32_t *restrict index,
              const double *restrict value, const double *restrict x, const double *restrict y,
              double *restrict activity, double *restrict activity_size, double *restrict z, double *restrict z_size)
{
    for (int64_t row = 0; row < rows; row++) {
        double total = 0.0, size = 0.0, price = y[row];
        for (int64_t k = start[row]; k < start[row + 1]; k++) {
            int32_t column = index[k];
            double term = value[k] * x[column];
            total += term;
            size += fabs(term);
            if (price != 0.0) {
                double worth = value[k] * price;
                z[column] -= worth;
                z_size[column] = fmax(z_size[column], fabs(worth));
            }
        }
        activity[row] = total;
        activity_size[row] = size;
    }
}
