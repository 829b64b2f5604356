;;; explog-embark.el --- Actions of embark on experiments  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; For users of embark, which is not needed otherwise: references and
;; commits at point, and what explog completes, are targets.  Actions go
;; there, insert a reference and copy a hash.  `explog-mode' installs this
;; when embark is loaded.

;;; Code:

(require 'explog-base)
(require 'explog-cache)
(require 'explog-point)
(require 'explog-ref)
(require 'explog-visit)

(defvar embark-general-map)
(defvar embark-keymap-alist)
(defvar embark-target-finders)

;;;; Targets

(defun explog-embark-target ()
  "Return the reference or commit at point as a target of embark, or nil."
  (unless (minibufferp)
    (pcase (explog-ref-here)
      (`(,id ,step ,start ,end)
       `(explog-reference ,(explog-embark--name id step) ,start . ,end))
      (_ (when-let ((commit (explog-embark--commit)))
           (cons 'explog-commit commit))))))

(defun explog-embark--commit ()
  "Return the commit at point, or nil."
  (when-let ((point (explog-point)))
    (explog-point-commit point)))

(defun explog-embark--name (id step)
  "Return the reference to experiment ID or its STEP in brackets."
  (format "[%s]" (explog-ref-string id step)))

(defun explog-embark--reference (target)
  "Return (ID . STEP) for TARGET: a reference, or an id with a title behind it."
  (or (explog-ref-parse (car (split-string target)))
      (user-error "%s is no reference" target)))

;;;; Actions

(defun explog-embark-visit (target)
  "Go to the experiment, step or commit TARGET."
  (interactive "sVisit: ")
  (explog-visit (car (split-string target))))

(defun explog-embark-insert (target)
  "Insert a reference to TARGET."
  (interactive "sReference: ")
  (pcase-let ((`(,id . ,step) (explog-embark--reference target)))
    (insert (explog-embark--name id step))))

(defun explog-embark-copy (target)
  "Copy the reference to TARGET."
  (interactive "sReference: ")
  (pcase-let ((`(,id . ,step) (explog-embark--reference target)))
    (explog-embark--copy (explog-embark--name id step))))

(defun explog-embark-copy-hash (target)
  "Copy the hash of TARGET, a commit or a step that bears one."
  (interactive "sHash of: ")
  (explog-embark--copy
   (if (string-match-p "\\`[[:xdigit:]]\\{7,64\\}\\'" target)
       target
     (pcase-let ((`(,id . ,number) (explog-embark--reference target)))
       (let ((step (and number
                        (explog-cache-find-step (explog-cache-fetch id) number))))
         (or (and step (or (explog-cache-step-commit step) (explog-cache-step-hash step)))
             (user-error "%s bears no hash" target)))))))

(defun explog-embark--copy (text)
  "Copy TEXT, and say so."
  (kill-new text)
  (message "Copied: %s" text))

;;;; On and off

(defvar explog-embark-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "RET") #'explog-embark-visit)
    (define-key map "v" #'explog-embark-visit)
    (define-key map "i" #'explog-embark-insert)
    (define-key map "w" #'explog-embark-copy)
    (define-key map "h" #'explog-embark-copy-hash)
    map)
  "Actions on an experiment or a step.")

(defvar explog-embark-commit-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "RET") #'explog-embark-visit)
    (define-key map "v" #'explog-embark-visit)
    (define-key map "w" #'explog-embark-copy-hash)
    (define-key map "h" #'explog-embark-copy-hash)
    map)
  "Actions on a commit.")

(defconst explog-embark--maps
  '((explog-experiment . explog-embark-map)
    (explog-reference . explog-embark-map)
    (explog-commit . explog-embark-commit-map))
  "Alist of kinds of targets and their actions.")

(defun explog-embark-install ()
  "Have embark know references, experiments and commits."
  (add-to-list 'embark-target-finders #'explog-embark-target)
  (dolist (map '(explog-embark-map explog-embark-commit-map))
    (set-keymap-parent (symbol-value map) embark-general-map))
  (pcase-dolist (`(,kind . ,map) explog-embark--maps)
    (unless (assq kind embark-keymap-alist) ; the user's own
      (push (cons kind map) embark-keymap-alist))))

(defun explog-embark-uninstall ()
  "Take back what `explog-embark-install' did."
  (setq embark-target-finders (remq #'explog-embark-target embark-target-finders)
        embark-keymap-alist (seq-difference embark-keymap-alist explog-embark--maps)))

(provide 'explog-embark)
;;; explog-embark.el ends here
