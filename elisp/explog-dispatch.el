;;; explog-dispatch.el --- All of explog in one menu  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-dispatch' is a menu of all commands.  Its heading tells what is
;; at point, to which the commands apply: an experiment, a step, a
;; reference or a commit.  Commands that do not apply are inactive, and
;; commands that are not installed are not shown.
;;
;; Transient is part of Emacs since 28.1.

;;; Code:

(require 'explog-agenda)
(require 'explog-base)
(require 'explog-point)
(require 'explog-ref)
(require 'explog-search)
(require 'explog-visit)
(require 'seq)
(require 'subr-x)
(require 'transient)

(autoload 'org-agenda "org-agenda")

(declare-function org-agenda "org-agenda" (&optional arg keys restriction))

(defvar explog-dispatch--point nil
  "What was at point when the menu was opened, an `explog-point' or nil.")

(defvar explog-dispatch--source nil
  "Non-nil if a commit or file was there when the menu was opened.")

;;;; The heading of the menu

(defun explog-dispatch--heading ()
  "Return a description of what is at point, as the heading of the menu.
Use what is known without waiting for the server; the menu is redrawn
when more is known."
  (let ((point explog-dispatch--point))
    (cond ((not explog-mode)
           (propertize "explog-mode is off" 'face 'warning))
          ((null point) "No experiment at point")
          ((explog-point-id point)
           (explog-dispatch--reference (explog-point-id point)
                                       (explog-point-step point)))
          (t (format "Commit %s in %s"
                     (propertize (explog-dispatch--short (explog-point-commit point))
                                 'face 'transient-value)
                     (abbreviate-file-name (explog-point-repository point)))))))

(defun explog-dispatch--reference (id step)
  "Return the heading for experiment ID, or for its STEP if that is non-nil."
  (let ((known (explog-ref-describe id step)))
    (concat (propertize (explog-ref-string id step) 'face 'transient-value)
            (if known
                (concat " " (truncate-string-to-width known 100 nil nil t))
              ""))))

(defun explog-dispatch--redraw (_ids)
  "Redraw the menu, because more is known of experiments.
If the menu is closed, stop doing that."
  (if (explog-dispatch--up-p)
      (transient--show)
    (remove-hook 'explog-cache-changed-functions #'explog-dispatch--redraw)))

(defun explog-dispatch--up-p ()
  "Return non-nil if the menu is open."
  (and transient--prefix
       (eq 'explog-dispatch (oref transient--prefix command))))

(defun explog-dispatch--short (commit)
  "Return COMMIT, abbreviated if it is a full id."
  (if (string-match-p "\\`[0-9a-f]\\{40,64\\}\\'" commit)
      (substring commit 0 7)
    commit))

;;;; When something applies

(defun explog-dispatch--off-p ()
  "Return non-nil if `explog-mode' is off."
  (not explog-mode))

(defun explog-dispatch--nowhere-p ()
  "Return non-nil if nothing at point can be visited."
  (or (not explog-mode) (null explog-dispatch--point)))

(defun explog-dispatch--no-source-p ()
  "Return non-nil if there is no commit or file that may have experiments."
  (not (and explog-mode explog-dispatch--source)))

(defun explog-dispatch--calm-p ()
  "Return non-nil if there are no open problems."
  (string-empty-p (or (bound-and-true-p explog-attention-sign) "")))

(defun explog-dispatch-visit-point ()
  "Go to the step or experiment at point in its log, or show the commit."
  (interactive)
  (let ((point (or (explog-point) (user-error "No experiment, step or commit at point"))))
    (if (and (explog-point-commit point)
             (not (eq 'reference (explog-point-kind point))))
        (explog-search-visit-commit (explog-point-repository point)
                                    (explog-point-commit point))
      (explog-visit-goto (explog-point-id point) (explog-point-step point)))))

;;;; The agenda

(defun explog-dispatch-agenda ()
  "Show one of the agendas in `explog-agenda-commands'."
  (interactive)
  (unless explog-agenda-prefix
    (user-error "No agenda commands are added; see `explog-agenda-prefix'"))
  (org-agenda nil (concat explog-agenda-prefix (explog-dispatch--read-agenda))))

(defun explog-dispatch--read-agenda ()
  "Ask for the key of one of `explog-agenda-commands'."
  (if (seq-every-p (lambda (command) (= 1 (length (car command))))
                   explog-agenda-commands)
      (string (car (read-multiple-choice
                    "Agenda:" (mapcar (lambda (command)
                                        ;; Put the key in front; otherwise it would be
                                        ;; highlighted in the middle of a word.
                                        (list (string-to-char (car command))
                                              (concat (car command) " " (nth 1 command))))
                                      explog-agenda-commands))))
    (let ((names (mapcar (lambda (command) (cons (nth 1 command) (car command)))
                         explog-agenda-commands)))
      (cdr (assoc (completing-read "Agenda: " names nil t) names)))))

;;;; The menu

;;;###autoload (autoload 'explog-dispatch "explog-dispatch" nil t)
(transient-define-prefix explog-dispatch ()
  "Show a menu of all commands, for what is at point."
  [:description
   explog-dispatch--heading
   ["Go to"
    ("RET" "thing at point" explog-dispatch-visit-point
     :inapt-if explog-dispatch--nowhere-p)
    ("v" "experiment" explog-visit)
    ("l" "commits" explog-commits :inapt-if explog-dispatch--off-p)
    ("d" "diff of two steps" explog-diff :inapt-if explog-dispatch--off-p)
    ("m" "mentions" explog-mentions :inapt-if explog-dispatch--off-p)
    ("b" "experiment of commit or file" explog-experiments-here
     :inapt-if explog-dispatch--no-source-p)]
   ["Write"
    ("e" "new experiment" explog-capture)
    ("n" "note" explog-note
     :if (lambda () (fboundp 'explog-note)) :inapt-if explog-dispatch--off-p)
    ("s" "new step" explog-add-step
     :if (lambda () (fboundp 'explog-add-step)) :inapt-if explog-dispatch--off-p)
    ("c" "conclusion" explog-conclude
     :if (lambda () (fboundp 'explog-conclude)) :inapt-if explog-dispatch--off-p)]
   ["Search & agenda"
    ("/" "search" explog-search :inapt-if explog-dispatch--off-p)
    ("t" "results" explog-results :inapt-if explog-dispatch--off-p)
    ("u" "runs" explog-runs :inapt-if explog-dispatch--off-p)
    ("x" "run a training" explog-run :inapt-if explog-dispatch--off-p)
    ("a" "agenda" explog-dispatch-agenda :inapt-if explog-dispatch--off-p)]]
  [["Check"
    ("!" "open problems" explog-attention :inapt-if explog-dispatch--calm-p)
    ("k" "check logs" explog-check
     :if (lambda () (fboundp 'explog-check)) :inapt-if explog-dispatch--off-p)
    ("h" "backfill hashes" explog-backfill
     :if (lambda () (fboundp 'explog-backfill)) :inapt-if explog-dispatch--off-p)
    ("r" "report" explog-report
     :if (lambda () (fboundp 'explog-report)) :inapt-if explog-dispatch--off-p)]
   ["Server"
    ("D" "doctor" explog-doctor :if (lambda () (fboundp 'explog-doctor)))
    ("R" "restart server" explog-restart :inapt-if explog-dispatch--off-p)
    ("I" "install server" explog-install-server
     :if (lambda () (fboundp 'explog-install-server)))
    ("M" explog-mode :description explog-dispatch--describe-mode)]]
  (interactive)
  (setq explog-dispatch--point (explog-point)
        explog-dispatch--source (explog-visit-here-p))
  (add-hook 'explog-cache-changed-functions #'explog-dispatch--redraw)
  (transient-setup 'explog-dispatch))

(defun explog-dispatch--describe-mode ()
  "Return a description of what the command `explog-mode' would do."
  (if explog-mode "turn explog-mode off" "turn explog-mode on"))

(provide 'explog-dispatch)
;;; explog-dispatch.el ends here
