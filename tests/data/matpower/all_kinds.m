function mpc = all_kinds
% Every kind of row that a case may hold: what is switched off, an isolated bus, shunts, taps, phase shifts, limits on
% angles, direct current, load that may be shed, curves that bend and curves with corners. Made up for tests.
mpc.version = '2';
mpc.baseMVA = 50;
mpc.bus = [
	10	3	20	0	0	0	1	1	0	110	1	1.1	0.9;
	20	1	90	0	4	0	1	1	0	110	1	1.1	0.9;
	30	1	60	0	0	0	1	1	0	110	1	1.1	0.9;
	40	4	70	0	0	0	1	1	0	110	1	1.1	0.9;
	50	1	35	0	0	0	1	1	0	110	1	1.1	0.9;
];
mpc.gen = [
	10	0	0	0	0	1	100	1	200	15;
	20	0	0	0	0	1	100	1	80	0;
	30	0	0	0	0	1	100	1	0	-25;
	40	0	0	0	0	1	100	1	50	0;
	50	0	0	0	0	1	100	0	500	0;
	50	0	0	0	0	1	100	1	60	0;
];
mpc.branch = [
	10	20	0	0.05	0	70	0	0	0	0	1	-360	360;
	20	30	0	0.08	0	0	0	0	0.97	2	1	-360	360;
	10	30	0	0.1	0	90	0	0	0	0	1	-6	6;
	30	50	0	0.06	0	40	0	0	1.02	0	1	0	0;
	10	50	0	0.2	0	0	0	0	0	0	1	-360	360;
	10	50	0	0.01	0	0	0	0	0	0	0	-360	360;
	30	40	0	0.01	0	0	0	0	0	0	1	-360	360;
];
mpc.dcline = [
	10	20	1	0	0	0	0	1	1	-20	30	0	0	0	0	0	0.04;
	10	30	0	0	0	0	0	1	1	0	30	0	0	0	0	0	0;
];
mpc.gencost = [
	2	0	0	3	0.11	12	150	0	0	0;
	1	0	0	3	0	0	30	900	80	3400;
	2	0	0	2	95	0	0	0	0	0;
	2	0	0	2	1	0	0	0	0	0;
	2	0	0	2	1	0	0	0	0	0;
	2	0	0	3	0.02	40	20	0	0	0;
];
