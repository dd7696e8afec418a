

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0005_handling'),
        ('runs', '0008_retention_and_pages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Applied',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('outcome', models.CharField(choices=[('did', 'Done'), ('would', 'Dry run'), ('stood_back', 'Stood back')], max_length=12)),
                ('verdict', models.CharField(blank=True, max_length=16)),
                ('effects', models.JSONField(default=dict)),
                ('why', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Policy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('position', models.PositiveIntegerField(default=0)),
                ('when', models.JSONField(default=dict)),
                ('then', models.JSONField(default=dict)),
                ('decides', models.BooleanField(default=False)),
                ('mode', models.CharField(choices=[('off', 'Off'), ('dry', 'Dry run'), ('on', 'On')], default='off', max_length=8)),
                ('version', models.PositiveIntegerField(default=1)),
                ('per_run', models.PositiveSmallIntegerField(default=3)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('removed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'permissions': [('stop_policies', 'Stop all policies that decide')],
            },
        ),
        migrations.CreateModel(
            name='Stop',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stopped_at', models.DateTimeField(blank=True, null=True)),
                ('because', models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='Trial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('looked_at', models.PositiveIntegerField()),
                ('counts', models.JSONField(default=dict)),
                ('rows', models.JSONField(default=list)),
            ],
        ),
        migrations.AddField(
            model_name='approval',
            name='escalated_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='approval',
            name='rules_due_at',
            field=models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True),
        ),
        migrations.AlterField(
            model_name='decision',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='approval',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['rules_due_at'], name='approval_rules_due'),
        ),
        migrations.AddField(
            model_name='applied',
            name='approval',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='applied', to='approvals.approval'),
        ),
        migrations.AddField(
            model_name='policy',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='applied',
            name='policy',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='applied', to='approvals.policy'),
        ),
        migrations.AddField(
            model_name='decision',
            name='policy',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='approvals.policy'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_by', None), ('policy__isnull', False)), models.Q(('decided_by__isnull', False), ('policy', None)), _connector='OR'), name='decision_by_a_person_or_a_policy'),
        ),
        migrations.AddField(
            model_name='stop',
            name='stopped_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='trial',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='trial',
            name='policy',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='trials', to='approvals.policy'),
        ),
        migrations.AddConstraint(
            model_name='policy',
            constraint=models.CheckConstraint(condition=models.Q(('mode__in', ['off', 'dry', 'on'])), name='policy_mode_known'),
        ),
        migrations.AddConstraint(
            model_name='policy',
            constraint=models.CheckConstraint(condition=models.Q(('decides', False), ('expires_at__isnull', False), _connector='OR'), name='policy_that_decides_expires'),
        ),
        migrations.AddIndex(
            model_name='applied',
            index=models.Index(fields=['policy', '-at'], name='applied_of_policy'),
        ),
        migrations.AddConstraint(
            model_name='applied',
            constraint=models.UniqueConstraint(fields=('policy', 'approval', 'version', 'outcome'), name='applied_once_per_outcome'),
        ),
        migrations.AddConstraint(
            model_name='applied',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['did', 'would', 'stood_back'])), name='applied_outcome_known'),
        ),
        migrations.AddIndex(
            model_name='trial',
            index=models.Index(models.F('policy'), models.F('version'), name='trial_of_version'),
        ),
    ]
