;;; explog-step.el --- Add a step to an experiment  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-add-step' adds a step at the end of the list.  It does not use
;; Org's commands, because they renumber the whole list, and existing
;; commits would then refer to other steps.

;;; Code:

(require 'explog-base)
(require 'explog-steps)
(require 'explog-write)
(require 'org)
(require 'seq)
(require 'subr-x)

(declare-function org-list-get-item-end-before-blank "org-list" (item struct))
(declare-function org-list-struct "org-list" ())
(declare-function org-in-item-p "org-list" ())
(declare-function org-update-checkbox-count-maybe "org-list" (&optional all))

;;;###autoload
(defun explog-add-step (&optional nested)
  "Add a step at the end of an experiment's list, and update the cookies.
Ask for its title.  In a log you may leave it empty and write it in
place.  No other step is renumbered, and no number is given twice.

The experiment is found as by `explog-note'.  With a prefix argument
NESTED, add the step inside the step at point, or inside one that is
asked for."
  (interactive "P")
  (let* ((about (explog-step--about nested))
         (buffer (car (explog-write-visit (car about))))
         (number (explog-write-at buffer (car about)
                                  (lambda () (explog-step--next (car about) (cdr about)))))
         (name (explog-write-about-name (cons (car about) number)))
         (title (explog-one-line (read-string (format "Step %s: " name))))
         (put (lambda () (explog-step--put (cdr about) title number))))
    (cond ((and (eq buffer (current-buffer)) (explog-write-typing (car about) put)))
          ((string-empty-p title)
           (user-error "From here, a step needs a title"))
          (t (explog-write-away buffer (car about) put (format "%s %s" name title))))))

(defun explog-step--about (nested)
  "Return (ID . STEP) of where to add a step; STEP is nil unless NESTED."
  (let ((about (explog-write-about "Add a step to")))
    (cond ((not nested) (list (car about)))
          ((cdr about) about)
          (t (let ((chosen (explog-write-about-step "Add a step beneath")))
               (unless (cdr chosen)
                 (user-error "No step was chosen"))
               chosen)))))

;;;; The list

(defun explog-step--all (parent)
  "Return each step directly inside PARENT, or the outermost if that is nil.
They are as in `explog-steps'; PARENT is a number like \"1.2\".  The
heading of the experiment is at point."
  (let ((regexp (format "\\`%s[0-9]+\\'" (if parent (regexp-quote (concat parent ".")) ""))))
    (seq-filter (lambda (step) (string-match-p regexp (car step)))
                (explog-steps))))

(defun explog-step--own (number)
  "Return the last part of NUMBER, a string like \"1.2\", as a number."
  (string-to-number (car (last (split-string number "\\.")))))

(defun explog-step--next (id parent)
  "Return the number of the next step of ID inside PARENT.
It is above all numbers in the list, and above all that a commit, a text
or an archive uses; see `explog-step--all' for PARENT."
  (when (and parent (not (explog-steps-position parent)))
    (user-error "There is no step %s" parent))
  (let ((known (explog-server-try "next-step" (list id (or parent "")))))
    (format "%s%d" (if parent (concat parent ".") "")
            (max (1+ (explog-step--last (explog-step--all parent)))
                 (if (natnump known) known 0)))))

(defun explog-step--last (siblings)
  "Return the largest number that one of SIBLINGS has, or 0."
  (apply #'max 0 (mapcar (lambda (step) (explog-step--own (car step))) siblings)))

(defun explog-step--put (parent title number)
  "Insert step NUMBER with TITLE inside PARENT, and update cookies; return its end.
The heading of the experiment is at point."
  (explog-write-keeping-steps
   (lambda ()
     (let ((end (copy-marker (explog-step--insert parent title number))))
       (goto-char end)
       (org-update-checkbox-count-maybe)
       end))
   number))

(defun explog-step--insert (parent title new)
  "Insert a step with TITLE and number NEW inside PARENT; return its end."
  (let* ((steps (explog-step--all parent))
         (number (explog-step--own new))
         ;; Org must not close a gap in the numbers.
         (counter (if (= number (1+ (explog-step--last steps)))
                      ""
                    (format "[@%d] " number))))
    (cond (steps (explog-step--append steps number counter title))
          (parent (explog-step--begin-beneath (explog-steps-position parent)
                                              number counter title))
          (t (explog-step--begin number counter title)))))

(defun explog-step--append (siblings number counter title)
  "Insert a step with NUMBER, COUNTER and TITLE after SIBLINGS.
They are the other steps of its list, as in `explog-steps'."
  (pcase-let ((`(,last ,start ,end) (car (last siblings))))
    (goto-char start)
    (looking-at "\\([ \t]*\\)\\([0-9]+\\)\\([.)]\\)")
    (let* ((indent (match-string 1))
           (sign (match-string 3))
           ;; Behind `[@5]' the numbers in the file are others than those seen.
           (written (+ (string-to-number (match-string 2))
                       (- number (explog-step--own last)))))
      (explog-write-lines
       (explog-write-text-end end)
       (append (and (explog-step--spaced-p siblings) '(""))
               (list (concat indent (number-to-string written) sign " " counter
                             (if (seq-some #'cadddr siblings) "[ ] " "")
                             title)))))))

(defun explog-step--spaced-p (siblings)
  "Return non-nil if there is a blank line before the last of SIBLINGS."
  (and (cdr siblings)
       (save-excursion
         (goto-char (cadr (car (last siblings))))
         (forward-line -1)
         (looking-at-p "[ \t\r]*$"))))

(defun explog-step--begin-beneath (parent number counter title)
  "Insert a list with the step NUMBER, COUNTER and TITLE into the step at PARENT.
If the step ends with another list, a line of text keeps the two apart."
  (goto-char parent)
  (let* ((struct (org-list-struct))
         (end (org-list-get-item-end-before-blank parent struct))
         (open (explog-write-open-list parent struct))
         (indent (if open (explog-write-indent open)
                   (explog-write-beneath parent struct))))
    (explog-write-lines end (append (and open (list (concat indent "Steps:")))
                                    (list (format "%s%d. %s[ ] %s"
                                                  indent number counter title))))))

(defun explog-step--begin (number counter title)
  "Insert a list with the step NUMBER into the experiment at point.
COUNTER and TITLE are those of the step.
Two blank lines end a list of another kind before it."
  (let* ((section (or (seq-find #'explog-steps-named-p (explog-steps-children))
                      (explog-write-make-section
                       (concat (explog-write-keyword) explog-steps-heading " [/]")
                       (explog-write-child #'explog-write-conclusions-p))))
         (end (explog-write-section-end section)))
    (explog-write-lines
     end
     (append (and (save-excursion (goto-char end) (org-in-item-p)) '("" ""))
             (list (format "%d. %s[ ] %s" number counter title))))))

(provide 'explog-step)
;;; explog-step.el ends here
